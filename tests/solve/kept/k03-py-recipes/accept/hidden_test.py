import subprocess
import sys
import unittest


def run(*args):
    return subprocess.run([sys.executable, "recipes.py", *args], capture_output=True, text=True)


class Hidden(unittest.TestCase):
    def test_unknown(self):
        for command in ("shop", "show"):
            r = run(command, "pancaks")
            self.assertEqual(r.stdout, "")
            self.assertIn("there is no recipe pancaks", r.stderr)
            self.assertNotIn("Traceback", r.stderr)
            self.assertEqual(r.returncode, 1)

    def test_known(self):
        r = run("shop", "pancakes", "--for", "2")
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "125 g flour\n1/4 l milk\n1 1/2 pcs eggs\n", ""))
        self.assertEqual(run("list").stdout, "lentils\npancakes\n")
        self.assertTrue(run("show", "lentils").stdout.startswith("Red lentils (for 2)\n\n150 g"))


if __name__ == "__main__":
    unittest.main()

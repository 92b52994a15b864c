import subprocess
import sys
import unittest

from teatimer import steep_time


class Hidden(unittest.TestCase):
    def test_green(self):
        self.assertEqual(steep_time("green"), 120)
        self.assertEqual(steep_time("green", 3), 132)

    def test_others_stay(self):
        self.assertEqual([steep_time(k) for k in ("black", "herbal", "oolong", "white")], [240, 480, 180, 150])

    def test_list(self):
        r = subprocess.run([sys.executable, "teatimer.py", "--list"], capture_output=True, text=True)
        self.assertEqual(r.stdout, "black   4 minutes\ngreen   2 minutes\nherbal  8 minutes\noolong  3 minutes\nwhite   2 minutes 30 seconds\n")


if __name__ == "__main__":
    unittest.main()

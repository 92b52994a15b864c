import os
import subprocess
import sys
import tempfile
import unittest

from mdtoc import headings, toc, update


def titles(*lines):
    return [title for _, title, _ in headings("\n".join(lines) + "\n")]


class Hidden(unittest.TestCase):
    def test_issue(self):
        text = "## Install\n\n```sh\n# get the sources\n## all of them\ngit clone ...\n```\n\n## Use\n"
        self.assertEqual(toc(text), ["- [Install](#install)", "- [Use](#use)"])

    def test_tildes(self):
        self.assertEqual(titles("# A", "~~~", "# x", "~~~", "# B", "~~~~ python", "# y", "~~~", "# z", "~~~~~", "# C"), ["A", "B", "C"])

    def test_longer_fence(self):
        self.assertEqual(titles("````", "```", "# x", "```", "# y", "````", "# A"), ["A"])
        self.assertEqual(titles("```", "# x", "`````", "# A"), ["A"])

    def test_other_kind_inside(self):
        self.assertEqual(titles("```", "~~~", "# x", "```", "# A"), ["A"])
        self.assertEqual(titles("~~~", "```", "# x", "~~~", "# A", "```", "# y", "```", "# B"), ["A", "B"])

    def test_closing_line_has_nothing_else(self):
        self.assertEqual(titles("```", "# x", "``` sh", "# y", "```", "# A"), ["A"])
        self.assertEqual(titles("```", "# x", "```  ", "# A"), ["A"])

    def test_indented(self):
        self.assertEqual(titles("   ```", "# x", "  ```", "# A"), ["A"])
        self.assertEqual(titles("    ```", "# A", "    ```"), ["A"])
        self.assertEqual(titles("```", "    ```", "# x", "```", "# A"), ["A"])

    def test_never_closed(self):
        self.assertEqual(titles("# A", "```", "# x", "", "# y"), ["A"])

    def test_two_are_no_fence(self):
        self.assertEqual(titles("``", "# A", "~~", "# B"), ["A", "B"])

    def test_anchors_do_not_count_code(self):
        self.assertEqual(headings("```\n## A\n```\n## A\n"), [(2, "A", "a")])

    def test_write(self):
        text = "# G\n<!-- toc -->\n<!-- /toc -->\n## Install\n```\n## x\n```\n## Use\n"
        self.assertEqual(update(text), text.replace("<!-- /toc -->", "- [Install](#install)\n- [Use](#use)\n<!-- /toc -->"))
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "g.md")
            with open(path, "w") as f:
                f.write(text)
            r = subprocess.run([sys.executable, "mdtoc.py", path], capture_output=True, text=True)
        self.assertEqual(r.stdout, "- [Install](#install)\n- [Use](#use)\n")


if __name__ == "__main__":
    unittest.main()

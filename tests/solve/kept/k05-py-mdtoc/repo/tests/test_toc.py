import unittest

from mdtoc import TocError, headings, toc, update

TEXT = """# Guide

<!-- toc -->
- [Old](#old)
<!-- /toc -->

## Install
### On Linux ###
#### Details
## Use
#nothing
"""


class HeadingsTest(unittest.TestCase):
    def test_kinds(self):
        self.assertEqual(headings("# A\n   ## B  \n    # code\n#C\n####### D\n"), [(1, "A", "a"), (2, "B", "b")])


class TocTest(unittest.TestCase):
    def test_levels(self):
        self.assertEqual(toc(TEXT), ["- [Install](#install)", "  - [On Linux](#on-linux)", "- [Use](#use)"])
        self.assertEqual(toc(TEXT, last=2), ["- [Install](#install)", "- [Use](#use)"])

    def test_update(self):
        new = update(TEXT)
        self.assertIn("<!-- toc -->\n- [Install](#install)\n  - [On Linux](#on-linux)\n- [Use](#use)\n<!-- /toc -->\n", new)
        self.assertNotIn("Old", new)
        self.assertEqual(update(new), new)

    def test_no_markers(self):
        with self.assertRaises(TocError):
            update("# Guide\n")

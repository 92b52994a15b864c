import unittest

from mdtoc import headings, slug


class SlugTest(unittest.TestCase):
    def test_slug(self):
        for title, want in [("Getting started", "getting-started"), ("What's new?", "whats-new"), ("The `--write` flag", "the---write-flag"), ("[Docs](x.md) *here*", "docs-here"), ("Über uns", "über-uns")]:
            self.assertEqual(slug(title), want)

    def test_same_title_twice(self):
        self.assertEqual([anchor for _, _, anchor in headings("## A\n## B\n## A\n## A")], ["a", "b", "a-1", "a-2"])


class CollisionTest(unittest.TestCase):
    def test_number_that_is_taken(self):
        self.assertEqual([anchor for _, _, anchor in headings("## A\n## A 1\n## A")], ["a", "a-1", "a-2"])

import unittest

from links import page_of, sign


class LinksTest(unittest.TestCase):
    def test_our_own_link_leads_to_its_page(self):
        self.assertEqual(page_of(sign("/tea", "a"), "a"), "/tea")

    def test_a_link_of_somebody_else_leads_nowhere(self):
        self.assertIsNone(page_of(sign("/tea", "b"), "a"))

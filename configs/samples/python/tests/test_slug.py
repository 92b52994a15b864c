import unittest

from slugs import slug


class SlugTest(unittest.TestCase):
    def test_letters_of_other_alphabets_become_plain(self):
        self.assertEqual(slug("Über uns"), "uber-uns")

    def test_what_is_no_letter_parts_words(self):
        self.assertEqual(slug("  a & b -- c!"), "a-b-c")

    def test_a_long_title_is_cut(self):
        self.assertEqual(slug("word " * 20, longest=9), "word-word")


if __name__ == "__main__":
    unittest.main()

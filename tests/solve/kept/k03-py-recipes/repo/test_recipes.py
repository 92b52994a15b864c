import contextlib
import io
import unittest
from fractions import Fraction

from recipes import amount_text, ingredient_lines, load, main, names, parse_recipe


class RecipeTest(unittest.TestCase):
    def test_book(self):
        self.assertEqual(names(), ["lentils", "pancakes"])

    def test_scaled(self):
        self.assertEqual(ingredient_lines(load("pancakes").scaled(6)), ["375 g flour", "3/4 l milk", "4 1/2 pcs eggs"])

    def test_amount(self):
        self.assertEqual([amount_text(Fraction(n)) for n in ("2", "3/2", "1/3")], ["2", "1 1/2", "1/3"])

    def test_bad(self):
        for text in ("Soup\n1 l water", "Soup (2)\nwater"):
            with self.assertRaises(ValueError):
                parse_recipe(text)

    def test_shop(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(main(["shop", "lentils"]), 0)
        self.assertEqual(out.getvalue(), "150 g red lentils\n1 can tomatoes\n1/2 tsp cumin\n")

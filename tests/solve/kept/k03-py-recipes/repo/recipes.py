"""My cookbook on the command line."""

import argparse
import os
import re
import sys
from fractions import Fraction

BOOK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "book")
TITLE = re.compile(r"^(.*?)\s*\((\d+)\)$")
INGREDIENT = re.compile(r"^(\d+(?:/\d+)?)\s+(\S+)\s+(.+)$")


class Recipe:
    def __init__(self, title, servings, ingredients, steps):
        self.title = title
        self.servings = servings
        self.ingredients = ingredients
        self.steps = steps

    def scaled(self, servings):
        factor = Fraction(servings, self.servings)
        ingredients = [(amount * factor, unit, name) for amount, unit, name in self.ingredients]
        return Recipe(self.title, servings, ingredients, self.steps)


def parse_recipe(text):
    head, _, steps = text.partition("\n\n")
    lines = head.strip().splitlines()
    match = TITLE.match(lines[0])
    if not match:
        raise ValueError(f"not a title: {lines[0]}")
    ingredients = []
    for line in lines[1:]:
        found = INGREDIENT.match(line.strip())
        if not found:
            raise ValueError(f"not an ingredient: {line}")
        amount, unit, name = found.groups()
        ingredients.append((Fraction(amount), unit, name))
    return Recipe(match.group(1), int(match.group(2)), ingredients, steps.strip())


def amount_text(amount):
    """3/2 -> 1 1/2"""
    whole, rest = divmod(amount, 1)
    if not rest:
        return str(whole)
    return f"{whole} {rest}" if whole else str(rest)


def load(name, book=BOOK):
    with open(os.path.join(book, name + ".txt"), encoding="utf-8") as f:
        return parse_recipe(f.read())


def names(book=BOOK):
    return sorted(name[:-4] for name in os.listdir(book) if name.endswith(".txt"))


def ingredient_lines(recipe):
    return [f"{amount_text(amount)} {unit} {name}" for amount, unit, name in recipe.ingredients]


def main(argv=None):
    parser = argparse.ArgumentParser(prog="recipes", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="all recipes")
    for name, text in (("show", "one recipe"), ("shop", "what to buy")):
        command = commands.add_parser(name, help=text)
        command.add_argument("recipe")
        command.add_argument("--for", dest="servings", type=int, help="number of servings")
    args = parser.parse_args(argv)

    if args.command == "list":
        for name in names():
            print(name)
        return 0
    try:
        recipe = load(args.recipe)
    except FileNotFoundError:
        print(f"recipes: there is no recipe {args.recipe}")
        return 1
    if args.servings:
        recipe = recipe.scaled(args.servings)
    if args.command == "show":
        print(f"{recipe.title} (for {recipe.servings})")
        print()
    for line in ingredient_lines(recipe):
        print(line)
    if args.command == "show":
        print()
        print(recipe.steps)
    return 0


if __name__ == "__main__":
    sys.exit(main())

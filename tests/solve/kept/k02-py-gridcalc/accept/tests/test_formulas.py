import unittest

from gridcalc.errors import FormulaSyntaxError
from gridcalc.parser import parse_formula
from gridcalc.refs import RefError, column_index, column_name, parse_address, parse_area
from gridcalc.sheet import Sheet


def value(formula, **cells):
    sheet = Sheet()
    for name, source in cells.items():
        sheet.set(name, source)
    sheet.set("Z99", formula)
    return sheet.shown("Z99")


class RefsTest(unittest.TestCase):
    def test_columns(self):
        for index, name in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ")]:
            self.assertEqual((column_name(index), column_index(name)), (name, index))

    def test_address(self):
        self.assertEqual(parse_address("c7"), (2, 6))
        for bad in ("", "A", "7", "A0", "A1B", "AAA1", "A1:B2"):
            with self.subTest(bad=bad), self.assertRaises(RefError):
                parse_address(bad)

    def test_area(self):
        self.assertEqual(parse_area("B3:A1"), ((0, 0), (1, 2)))


class ParserTest(unittest.TestCase):
    def test_round_trip(self):
        for text in ("1+2*3", "(1+2)*3", "2^3^2", "(2^3)^2", "-A1^2", "A1-(B1-C1)", 'SUM(A1:B2,3)&"x""y"', "A1<>B1", "#REF!+1"):
            self.assertEqual(parse_formula(text).text(), text)

    def test_normalized(self):
        self.assertEqual(parse_formula(" sum( a1 : b2 ) ").text(), "SUM(A1:B2)")

    def test_errors(self):
        for text in ("1+", "(1", "foo", "A1:", '"x', "1 2", "SUM(1,)", "!"):
            with self.subTest(text=text), self.assertRaises(FormulaSyntaxError):
                parse_formula(text)


class EvaluationTest(unittest.TestCase):
    def test_arithmetic(self):
        for formula, want in [("=1+2*3", "7"), ("=2^3^2", "512"), ("=-2^2", "-4"), ("=10/4", "2.5"), ("=1/0", "#DIV/0!"), ("=A1+1", "1"), ('="a"+1', "#VALUE!"), ("=1+", "#SYNTAX!"), ("=NOPE(1)", "#NAME?"), ('="n="&3', "n=3")]:
            self.assertEqual(value(formula), want, formula)

    def test_comparisons(self):
        for formula, want in [("=1<2", "TRUE"), ('="b">"A"', "TRUE"), ('=1<"1"', "TRUE"), ("=A1=0", "TRUE"), ('=A1=""', "TRUE")]:
            self.assertEqual(value(formula), want, formula)

    def test_functions(self):
        cells = {"A1": "3", "A2": "4", "A3": "pear", "B1": "10"}
        for formula, want in [("=SUM(A1:B3)", "17"), ("=AVERAGE(A1:A4)", "3.5"), ("=COUNT(A1:B3)", "3"), ("=COUNTA(A1:B3)", "4"), ("=MAX(A1:A2,B1)", "10"), ("=MEDIAN(A1:B2)", "4"), ("=ROUND(2.345,2)", "2.35"), ("=ROUND(-2.5)", "-3"), ("=MOD(-1,3)", "2"), ('=IF(A1>3,"x","y")', "y"), ("=IF(TRIM(A3)=A3,1,1/0)", "1"), ("=IFERROR(1/0,A2)", "4"), ('=COUNTIF(A1:A3,"PEAR")', "1"), ('=JOIN("-",A1:A3)', "3-4-pear"), ('=LOOKUP("pear",A1:A3,A1:A3)', "pear"), ("=RIGHT(A3,2)", "ar"), ("=SUM()", "#VALUE!"), ("=AVERAGE(C1:C2)", "#DIV/0!")]:
            self.assertEqual(value(formula, **cells), want, formula)

    def test_cycle(self):
        self.assertEqual(value("=A1", A1="=A2", A2="=A1"), "#CYCLE!")

    def test_error_travels(self):
        self.assertEqual(value("=SUM(A1:A2)", A1="=1/0"), "#DIV/0!")

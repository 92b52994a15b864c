import unittest

from gridcalc import Sheet, storage
from gridcalc.commands import Session
from gridcalc.errors import CommandError


def sheet_of(**cells):
    sheet = Sheet()
    for name, source in cells.items():
        sheet.set(name, source)
    return sheet


class Hidden(unittest.TestCase):
    def test_issue(self):
        out = []
        session = Session(out.append)
        for line in """set E1 0.2
            set A1 10
            set A2 30
            set B1 =A1*$E$1
            fill B1 B2:B3
            formula B2
            get B2
            set C5 =$A1+A$1+SUM($A$1:A1)
            copy C5 D6
            formula D6
            get C5
            insert-rows 1
            formula B2
            formula D7
            get B3""".splitlines():
            session.execute(line)
        self.assertEqual(out, ["=A2*$E$1", "6", "=$A2+B$1+SUM($A$1:B2)", "30", "=A2*$E$2", "=$A3+B$2+SUM($A$2:B3)", "6"])

    def test_values(self):
        sheet = sheet_of(A1="7", B2="3", C1="=$A$1", C2="=a$1*$b2", C3="=SUM($A1:B$2)", C4="=-$A$1^2", C5='=$A$1&"$"')
        self.assertEqual([sheet.shown(f"C{i}") for i in range(1, 6)], ["7", "21", "10", "-49", "7$"])

    def test_copy_each_kind(self):
        for formula, want in [("=$B$2", "=$B$2"), ("=$B2", "=$B4"), ("=B$2", "=C$2"), ("=B2", "=C4"), ("=MAX(B$2:$B9,$C$3)", "=MAX(C$2:$B11,$C$3)"), ("=$aa$12", "=$AA$12")]:
            sheet = sheet_of(D4=formula)
            sheet.copy("D4", "E6")
            self.assertEqual(sheet.source("E6"), want)

    def test_edge_of_the_sheet(self):
        for formula, want in [("=$A$1", "=$A$1"), ("=A$1", "=#REF!"), ("=$A1", "=#REF!"), ("=SUM($A$1:B$1)", "=SUM($A$1:A$1)"), ("=A$1+$A$1", "=#REF!+$A$1")]:
            sheet = sheet_of(C3=formula)
            sheet.copy("C3", "B2")
            self.assertEqual(sheet.source("B2"), want)

    def test_insert_rows(self):
        sheet = sheet_of(A1="1", A2="2", A3="=SUM($A$1:A$2)", B1="=$A$3+$A1")
        sheet.insert_rows(2, 2)
        self.assertEqual((sheet.source("A5"), sheet.source("B1"), sheet.shown("B1")), ("=SUM($A$1:A$4)", "=$A$5+$A1", "4"))

    def test_delete_rows(self):
        sheet = sheet_of(A1="1", A2="2", A3="3", A4="=SUM($A$1:A$3)", B4="=$A$2", C4="=$A$3+A3", D4="=$A1", E4="=SUM($A2:$A$3)", F4="=SUM(A$3:$A1)")
        sheet.delete_rows(2)
        self.assertEqual([sheet.source(n) for n in ("A3", "B3", "C3", "D3", "E3")], ["=SUM($A$1:A$2)", "=#REF!", "=$A$2+A2", "=$A1", "=SUM($A2:$A$2)"])
        self.assertEqual(sheet.shown("F3"), "4")
        self.assertIn(sheet.source("F3"), ["=SUM($A1:A$2)", "=SUM(A$2:$A1)"])

    def test_copy_twice_and_save(self):
        sheet = sheet_of(A1="2", B1="=A1*$A$1")
        sheet.copy("B1", "B2")
        sheet.copy("B2", "C3")
        self.assertEqual(sheet.source("C3"), "=B3*$A$1")
        again = storage.loads(storage.dumps(sheet))
        again.fill("C3", "D4:D5")
        self.assertEqual(again.source("D5"), "=C5*$A$1")

    def test_syntax_errors(self):
        for formula in ("=$A", "=A1$", "=$$A1", "=A$$1", "=$1", "=$", "=A1+$", "=$A$1$", "=$A$0"):
            self.assertEqual(sheet_of(C1=formula).shown("C1"), "#SYNTAX!", formula)

    def test_relative_as_before(self):
        sheet = sheet_of(B2="=A1", C1="=b1 + 1")
        sheet.copy("B2", "B1")
        self.assertEqual(sheet.source("B1"), "=#REF!")
        sheet.copy("C1", "C2")
        self.assertEqual(sheet.source("C2"), "=B2+1")


if __name__ == "__main__":
    unittest.main()

import contextlib
import io
import os
import tempfile
import unittest

from gridcalc import Sheet, storage
from gridcalc.cli import main
from gridcalc.commands import Session
from gridcalc.errors import CommandError


def sheet_of(**cells):
    sheet = Sheet()
    for name, source in cells.items():
        sheet.set(name, source)
    return sheet


class SheetTest(unittest.TestCase):
    def test_values_follow(self):
        sheet = sheet_of(A1="2", A2="=A1*3")
        self.assertEqual(sheet.shown("A2"), "6")
        sheet.set("A1", "5")
        self.assertEqual(sheet.shown("A2"), "15")
        sheet.clear("A1")
        self.assertEqual(sheet.shown("A2"), "0")

    def test_copy(self):
        sheet = sheet_of(A1="1", A2="2", B1="=A1+1", B2="=SUM(A1:A2)")
        sheet.copy("B1:B2", "C2")
        self.assertEqual((sheet.source("C2"), sheet.source("C3")), ("=B2+1", "=SUM(B2:B3)"))

    def test_copy_off_the_sheet(self):
        sheet = sheet_of(B2="=A1")
        sheet.copy("B2", "B1")
        self.assertEqual((sheet.source("B1"), sheet.shown("B1")), ("=#REF!", "#REF!"))

    def test_fill(self):
        sheet = sheet_of(A1="1", A2="=A1*2")
        sheet.fill("A2", "A3:A5")
        self.assertEqual(sheet.shown("A5"), "16")

    def test_insert_rows(self):
        sheet = sheet_of(A1="1", A2="2", A3="=SUM(A1:A2)", B1="=A3")
        sheet.insert_rows(2, 2)
        self.assertEqual((sheet.source("A5"), sheet.source("B1"), sheet.shown("B1")), ("=SUM(A1:A4)", "=A5", "3"))

    def test_delete_rows(self):
        sheet = sheet_of(A1="1", A2="2", A3="3", A4="=SUM(A1:A3)", B4="=A2", C4="=A3")
        sheet.delete_rows(2)
        self.assertEqual([sheet.source(n) for n in ("A3", "B3", "C3")], ["=SUM(A1:A2)", "=#REF!", "=A2"])


class StorageTest(unittest.TestCase):
    def test_round_trip(self):
        sheet = sheet_of(A1="x", B2="=A1&1", C1="0.5")
        text = storage.dumps(sheet)
        self.assertEqual(text, "gridcalc 1\nA1\tx\nC1\t0.5\nB2\t=A1&1\n")
        self.assertEqual(storage.dumps(storage.loads(text)), text)

    def test_csv(self):
        sheet = storage.from_csv('a,"b,c"\n1,=A2+1\n')
        self.assertEqual(storage.to_csv(sheet), 'a,"b,c"\n1,2\n')


class CommandsTest(unittest.TestCase):
    def run_all(self, *lines):
        out = []
        session = Session(out.append)
        for line in lines:
            session.execute(line)
        return out

    def test_print(self):
        out = self.run_all("set A1 Apples", "set B1 3", "set B2 =B1*2", "print")
        self.assertEqual(out[0].splitlines(), ["  |   A    | B", "--+--------+--", "1 | Apples | 3", "2 |        | 6"])

    def test_formula(self):
        self.assertEqual(self.run_all("set A1 =b1 + 1", "formula A1", "copy A1 A2", "formula A2"), ["=b1 + 1", "=B2+1"])

    def test_wrong(self):
        for line in ("nope", "copy A1", "set A0 1", "insert-rows x", "load /no/such.gcs"):
            with self.subTest(line=line), self.assertRaises(CommandError):
                self.run_all(line)

    def test_script(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "s.gc")
            with open(path, "w", encoding="utf-8") as f:
                f.write("# script\nset A1 4\nset A2 =SQRT(A1)\nget A2\n")
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                self.assertEqual(main(["run", path]), 0)
        self.assertEqual(out.getvalue(), "2\n")

import json
import os
import subprocess
import sys
import tempfile
import unittest

from zaiko.errors import Shortage, UnknownItem
from zaiko.slips import apply_slip, parse_slip
from zaiko.store import dump
from zaiko.warehouse import Warehouse


def example():
    warehouse = Warehouse()
    for code in ("A", "B", "C"):
        warehouse.add_item(code, code)
        warehouse.receive(code, 10, "2026-04-01")
    return warehouse


def slip(kind, *lines):
    return parse_slip(f"kind: {kind}\ndate: 2026-04-02\npartner: P\n" + "\n".join(lines) + "\n")


class Hidden(unittest.TestCase):
    def unchanged(self, error, *args):
        warehouse = example()
        before = json.dumps(dump(warehouse))
        with self.assertRaises(error) as caught:
            apply_slip(warehouse, slip(*args))
        self.assertEqual(json.dumps(dump(warehouse)), before)
        return caught.exception

    def test_shortage(self):
        error = self.unchanged(Shortage, "out", "A 3", "B 11", "C 1")
        self.assertEqual(error.code, "B")
        self.unchanged(Shortage, "out", "A 3", "B 3", "C 99")

    def test_unknown(self):
        self.assertEqual(self.unchanged(UnknownItem, "out", "A 3", "X 1").code, "X")
        self.assertEqual(self.unchanged(UnknownItem, "in", "A 3", "B 1", "X 1").code, "X")

    def test_same_item_twice(self):
        self.unchanged(Shortage, "out", "A 6", "B 1", "A 5")
        warehouse = example()
        self.assertEqual(apply_slip(warehouse, slip("out", "A 6", "A 4")), 2)
        self.assertEqual(warehouse.stock["A"], 0)
        self.assertEqual([m.quantity for m in warehouse.history_of("A")], [10, -6, -4])

    def test_good_slip_after_bad_one(self):
        warehouse = example()
        with self.assertRaises(Shortage):
            apply_slip(warehouse, slip("out", "A 3", "B 11"))
        apply_slip(warehouse, slip("in", "B 5"))
        apply_slip(warehouse, slip("out", "A 3", "B 11"))
        self.assertEqual(warehouse.stock, {"A": 7, "B": 4, "C": 10})
        self.assertEqual([(m.code, m.quantity, m.note) for m in warehouse.history[3:]], [("B", 5, "P"), ("A", -3, "P"), ("B", -11, "P")])

    def test_command(self):
        with tempfile.TemporaryDirectory() as d:
            data = os.path.join(d, "s.json")

            def zaiko(*args):
                return subprocess.run([sys.executable, "-m", "zaiko", "-f", data, *args], capture_output=True, text=True)

            zaiko("add", "A", "a")
            zaiko("add", "B", "b")
            paths = []
            for i, (kind, lines) in enumerate([("in", "A 5\nB 5"), ("out", "A 2\nB 9"), ("out", "B 1")]):
                paths.append(os.path.join(d, f"{i}.txt"))
                with open(paths[-1], "w") as f:
                    f.write(f"kind: {kind}\ndate: 2026-04-0{i + 1}\n{lines}\n")
            r = zaiko("slip", *paths)
            self.assertEqual(r.returncode, 1)
            self.assertIn("1.txt", r.stderr)
            self.assertEqual(len(r.stdout.splitlines()), 2)
            with open(data, encoding="utf-8") as f:
                saved = json.load(f)
            self.assertEqual(saved["stock"], {"A": 5, "B": 4})
            self.assertEqual([(m["code"], m["quantity"]) for m in saved["history"]], [("A", 5), ("B", 5), ("B", -1)])


if __name__ == "__main__":
    unittest.main()

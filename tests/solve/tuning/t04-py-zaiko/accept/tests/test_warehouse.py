import unittest

from zaiko.errors import Shortage, SlipError, UnknownItem, ZaikoError
from zaiko.models import Movement, SlipLine
from zaiko.report import stock_table, width
from zaiko.slips import apply_slip, parse_slip
from zaiko.store import dump, restore
from zaiko.warehouse import Warehouse


def example():
    warehouse = Warehouse()
    warehouse.add_item("A-100", "ネジ M4", "箱", 5)
    warehouse.add_item("B-200", "Nut")
    warehouse.receive("A-100", 10, "2026-04-01", "start")
    return warehouse


class WarehouseTest(unittest.TestCase):
    def test_ship(self):
        warehouse = example()
        warehouse.ship("A-100", 10, "2026-04-02")
        self.assertEqual(warehouse.quantity("A-100"), 0)
        self.assertEqual(warehouse.history_of("A-100")[-1], Movement("2026-04-02", "A-100", -10, ""))

    def test_shortage(self):
        with self.assertRaises(Shortage) as caught:
            example().ship("A-100", 11, "2026-04-02")
        self.assertEqual((caught.exception.wanted, caught.exception.available), (11, 10))

    def test_unknown(self):
        with self.assertRaises(UnknownItem):
            example().receive("X", 1, "2026-04-02")

    def test_registered_twice(self):
        with self.assertRaises(ZaikoError):
            example().add_item("B-200", "Nut again")

    def test_count(self):
        warehouse = example()
        self.assertEqual(warehouse.count("A-100", 4, "2026-04-03"), -6)
        self.assertEqual(warehouse.history[-1].note, "棚卸")
        self.assertEqual([item.code for item in warehouse.below_minimum()], ["A-100"])


class SlipTest(unittest.TestCase):
    def test_parse(self):
        slip = parse_slip("kind: out  # comment\ndate: 2026-04-02\npartner: 山田商店\n\nA-100 3\nB-200 12\n")
        self.assertEqual((slip.kind, slip.date, slip.partner), ("out", "2026-04-02", "山田商店"))
        self.assertEqual(slip.lines, [SlipLine("A-100", 3), SlipLine("B-200", 12)])

    def test_bad(self):
        head = "kind: in\ndate: 2026-04-02\n"
        for text in ("", head, head + "A-100", head + "A-100 x", head + "A-100 0", "kind: in\ndate: heute\nA-100 1"):
            with self.subTest(text=text), self.assertRaises(SlipError):
                parse_slip(text)

    def test_apply(self):
        warehouse = example()
        self.assertEqual(apply_slip(warehouse, parse_slip("kind: in\ndate: 2026-04-02\nA-100 1\nB-200 2")), 2)
        self.assertEqual(warehouse.stock, {"A-100": 11, "B-200": 2})
        apply_slip(warehouse, parse_slip("kind: out\ndate: 2026-04-03\nB-200 2\nA-100 1"))
        self.assertEqual(warehouse.stock, {"A-100": 10, "B-200": 0})

    def test_apply_shortage(self):
        with self.assertRaises(Shortage):
            apply_slip(example(), parse_slip("kind: out\ndate: 2026-04-02\nB-200 1"))


class StoreTest(unittest.TestCase):
    def test_round_trip(self):
        data = dump(example())
        self.assertEqual(dump(restore(data)), data)


class ReportTest(unittest.TestCase):
    def test_width(self):
        self.assertEqual(width("ネジ M4"), 7)

    def test_stock(self):
        self.assertEqual(stock_table(example()), "\n".join([
            "品番   品名     在庫  単位",
            "--------------------------",
            "A-100  ネジ M4    10  箱",
            "B-200  Nut         0  個",
        ]))

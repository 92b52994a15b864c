import datetime
import unittest

from chores.dates import Repeat, heading, next_date, parse_date
from chores.errors import ChoreError

D = datetime.date


class ParseTest(unittest.TestCase):
    def test_dates(self):
        today = D(2026, 2, 27)
        for text, want in [("today", today), ("Tomorrow", D(2026, 2, 28)), ("+3", D(2026, 3, 2)), ("2026-12-24", D(2026, 12, 24))]:
            self.assertEqual(parse_date(text, today), want)
        for text in ("", "2026-02-30", "soon", "+x"):
            with self.subTest(text=text), self.assertRaises(ChoreError):
                parse_date(text, today)

    def test_repeat(self):
        self.assertEqual(Repeat.parse("2W"), Repeat(2, "w"))
        self.assertEqual((str(Repeat.parse("m")), Repeat.parse("m").words(), Repeat.parse("3d").words()), ("1m", "every month", "every 3 days"))
        for text in ("", "0d", "3", "x", "1.5m"):
            with self.subTest(text=text), self.assertRaises(ChoreError):
                Repeat.parse(text)

    def test_heading(self):
        self.assertEqual(heading(D(2026, 3, 1)), "Sunday, 2026-03-01")


class NextTest(unittest.TestCase):
    def test_next(self):
        for date, every, want in [(D(2026, 2, 27), "3d", D(2026, 3, 2)), (D(2026, 12, 28), "2w", D(2027, 1, 11)), (D(2026, 11, 15), "1m", D(2026, 12, 15)), (D(2026, 11, 15), "14m", D(2028, 1, 15)), (D(2026, 5, 1), "2y", D(2028, 5, 1))]:
            self.assertEqual(next_date(date, Repeat.parse(every)), want)

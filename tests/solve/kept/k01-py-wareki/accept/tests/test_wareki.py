import datetime
import unittest

from wareki import WarekiError, convert, parse, to_long, to_short


class ConvertTest(unittest.TestCase):
    def test_long(self):
        for day, want in [("1964-10-10", "昭和39年10月10日"), ("2000-01-01", "平成12年1月1日"), ("2024-02-29", "令和6年2月29日"), ("1873-01-01", "明治6年1月1日"), ("1920-05-06", "大正9年5月6日")]:
            self.assertEqual(to_long(datetime.date.fromisoformat(day)), want)

    def test_short(self):
        self.assertEqual(to_short(datetime.date(1964, 10, 10)), "S39.10.10")

    def test_too_old(self):
        with self.assertRaises(WarekiError):
            to_long(datetime.date(1872, 12, 31))


class ParseTest(unittest.TestCase):
    def test_parse(self):
        for text in ("昭和39年10月10日", "S39.10.10", "s39/10/10", "昭和39年10月10日"):
            self.assertEqual(parse(text), datetime.date(1964, 10, 10), text)

    def test_first_year(self):
        self.assertEqual(parse("令和元年5月1日"), datetime.date(2019, 5, 1))

    def test_bad(self):
        for text in ("", "昭和", "江戸3年1月1日", "X3.1.1", "平成3年2月30日", "平成0年2月3日"):
            with self.subTest(text=text), self.assertRaises(WarekiError):
                parse(text)

    def test_both_ways(self):
        self.assertEqual(convert(convert("1999-12-31")), "1999-12-31")

import datetime
import subprocess
import sys
import unittest

from wareki import convert, parse, to_long, to_short


class Hidden(unittest.TestCase):
    def test_boundaries(self):
        for day, want, short in [
            ("2019-04-30", "平成31年4月30日", "H31.4.30"),
            ("2019-05-01", "令和元年5月1日", "R1.5.1"),
            ("2019-01-01", "平成31年1月1日", "H31.1.1"),
            ("2019-12-31", "令和元年12月31日", "R1.12.31"),
            ("2020-01-01", "令和2年1月1日", "R2.1.1"),
            ("1989-01-07", "昭和64年1月7日", "S64.1.7"),
            ("1989-01-08", "平成元年1月8日", "H1.1.8"),
            ("1926-12-24", "大正15年12月24日", "T15.12.24"),
            ("1926-12-25", "昭和元年12月25日", "S1.12.25"),
            ("1927-01-01", "昭和2年1月1日", "S2.1.1"),
            ("1912-07-29", "明治45年7月29日", "M45.7.29"),
            ("1912-07-30", "大正元年7月30日", "T1.7.30"),
            ("1873-01-01", "明治6年1月1日", "M6.1.1"),
            ("1929-03-11", "昭和4年3月11日", "S4.3.11"),
            ("1936-01-21", "昭和11年1月21日", "S11.1.21"),
        ]:
            date = datetime.date.fromisoformat(day)
            self.assertEqual((to_long(date), to_short(date)), (want, short))
            self.assertEqual(convert(want), day)
            self.assertEqual(parse(short), date)

    def test_command(self):
        r = subprocess.run([sys.executable, "-X", "utf8", "wareki.py", "2019-04-30", "2019-05-01"], capture_output=True)
        self.assertEqual(r.stdout.decode(), "平成31年4月30日\n令和元年5月1日\n")
        r = subprocess.run([sys.executable, "-X", "utf8", "wareki.py", "--short", "2019-05-01"], capture_output=True)
        self.assertEqual(r.stdout.decode(), "R1.5.1\n")


if __name__ == "__main__":
    unittest.main()

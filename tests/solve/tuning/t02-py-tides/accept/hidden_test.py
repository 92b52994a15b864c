import unittest

from gauge import Turn
from tides import csv_table, table

FOUND = [Turn("high", "01:00", 2.4), Turn("low", "04:00", 0.7)]


class Hidden(unittest.TestCase):
    def test_header(self):
        header = table(FOUND).splitlines()[0]
        self.assertEqual(header.split(), ["tide", "time", "height", "(m)"])
        self.assertNotIn("ft", table([]))

    def test_numbers_stay_and_line_up(self):
        lines = table(FOUND).splitlines()
        self.assertEqual(lines[2:], ["high   01:00          2.40", "low    04:00          0.70", "range: 1.70 m"])
        self.assertEqual(set(lines[1]), {"-"})
        self.assertEqual(len(lines[0]), len(lines[2]))

    def test_csv(self):
        self.assertEqual(csv_table(FOUND), "tide,time,height_m\nhigh,01:00,2.40\nlow,04:00,0.70")


if __name__ == "__main__":
    unittest.main()

import unittest

from gauge import Turn, parse_readings, tidal_range, turns
from tides import csv_table, table

TEXT = """
# harbour
00:00 1.10
01:00 2.40
02:00 2.40
03:00 1.90
04:00 0.70
05:00 1.30
"""


class GaugeTest(unittest.TestCase):
    def test_turns(self):
        self.assertEqual(turns(parse_readings(TEXT)), [Turn("high", "01:00", 2.4), Turn("low", "04:00", 0.7)])

    def test_range(self):
        self.assertAlmostEqual(tidal_range(turns(parse_readings(TEXT))), 1.7)
        self.assertIsNone(tidal_range([]))


class TableTest(unittest.TestCase):
    def test_rows(self):
        lines = table(turns(parse_readings(TEXT))).splitlines()
        self.assertEqual(lines[2:], ["high   01:00          2.40", "low    04:00          0.70", "range: 1.70 m"])

    def test_csv(self):
        self.assertEqual(csv_table(turns(parse_readings(TEXT))), "tide,time,height_m\nhigh,01:00,2.40\nlow,04:00,0.70")

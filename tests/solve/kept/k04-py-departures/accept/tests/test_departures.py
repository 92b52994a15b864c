import unittest

from departures.board import board, summary, wait_text
from departures.times import TimeError, format_time, minutes_between, parse_time
from departures.timetable import TimetableError, read_timetable, upcoming

LINES = """line,destination,departure_time
12,Harbour,22:50:00
2,Castle,08:05:00
12,Harbour,08:10:30
N1,Airport,23:55:00
12,Harbour,15:30:00
""".splitlines()


class TimesTest(unittest.TestCase):
    def test_format(self):
        self.assertEqual(format_time(parse_time("7:05")), "07:05")
        self.assertEqual(format_time(parse_time("07:05:59")), "07:05")

    def test_bad(self):
        for text in ("", "7", "a:b", "7:05:00:00", "-7:05"):
            with self.subTest(text=text), self.assertRaises(TimeError):
                parse_time(text)

    def test_between(self):
        self.assertEqual(minutes_between(parse_time("07:59:59"), parse_time("09:00")), 61)


class TimetableTest(unittest.TestCase):
    def test_sorted(self):
        self.assertEqual([d.line for d in read_timetable(LINES)], ["2", "12", "12", "12", "N1"])

    def test_upcoming(self):
        found = upcoming(read_timetable(LINES), parse_time("15:30"), limit=2)
        self.assertEqual([format_time(d.time) for d in found], ["15:30", "22:50"])
        self.assertEqual(upcoming(read_timetable(LINES), parse_time("9:00"), line="2"), [])

    def test_bad_files(self):
        for lines in ([], ["line,destination"], LINES[:1] + ["1,X,soon"]):
            with self.subTest(lines=lines), self.assertRaises(TimetableError):
                read_timetable(lines)


class BoardTest(unittest.TestCase):
    def test_board(self):
        now = parse_time("22:50")
        self.assertEqual(board(upcoming(read_timetable(LINES), now), now), "12  Harbour  22:50     now\nN1  Airport  23:55  1 h 05")

    def test_nothing(self):
        self.assertEqual(board([], parse_time("1:00")), "no more departures today")

    def test_wait(self):
        self.assertEqual([wait_text(n) for n in (0, 1, 59, 60, 125)], ["now", "1 min", "59 min", "1 h 00", "2 h 05"])

    def test_summary(self):
        self.assertEqual(summary(read_timetable(LINES)).splitlines(), [
            "2: 1 departures, 08:05 - 08:05",
            "12: 3 departures, 08:10 - 22:50, every 440 min",
            "N1: 1 departures, 23:55 - 23:55",
        ])

import os
import subprocess
import sys
import tempfile
import unittest

from departures.board import board, summary
from departures.times import TimeError, format_time, minutes_between, parse_time
from departures.timetable import TimetableError, read_timetable, upcoming

HEAD = "line,destination,departure_time\n"
TEXT = HEAD + "N1,Airport,25:10:00\n12,Harbour,22:50:00\nN1,Airport,24:00:00\n12,Harbour,00:20:00\nN1,Airport,23:35:00\n12,Harbour,5:50:00\n"


class Hidden(unittest.TestCase):
    def run_on(self, text, *args):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "stop_times.txt")
            with open(path, "w") as f:
                f.write(text)
            return subprocess.run([sys.executable, "-m", "departures", path, *args], capture_output=True, text=True)

    def test_command(self):
        r = self.run_on(TEXT, "--at", "22:40")
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertEqual(r.stdout.splitlines(), ["12  Harbour  22:50  10 min", "N1  Airport  23:35  55 min", "N1  Airport  00:00  1 h 20", "N1  Airport  01:10  2 h 30"])

    def test_at_night(self):
        self.assertEqual(self.run_on(TEXT, "--at", "25:00").stdout, "N1  Airport  01:10  10 min\n")
        self.assertEqual(self.run_on(TEXT, "--at", "25:11").stdout, "no more departures today\n")
        self.assertEqual(self.run_on(TEXT, "--at", "0:10", "-n", "1").stdout, "12  Harbour  00:20  10 min\n")

    def test_summary(self):
        self.assertEqual(self.run_on(TEXT, "--summary").stdout.splitlines(), ["12: 3 departures, 00:20 - 22:50, every 675 min", "N1: 3 departures, 23:35 - 01:10, every 47 min"])

    def test_now(self):
        r = self.run_on(HEAD + "N1,Airport,47:59:59\n")
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertIn("N1  Airport  23:59  ", r.stdout)

    def test_functions(self):
        self.assertEqual([format_time(parse_time(t)) for t in ("24:00", "25:10:00", "30:05", "23:59:59", "7:05")], ["00:00", "01:10", "06:05", "23:59", "07:05"])
        self.assertEqual(minutes_between(parse_time("22:40"), parse_time("25:10:00")), 150)
        self.assertEqual(minutes_between(parse_time("07:59:59"), parse_time("09:00")), 61)
        departures = read_timetable(TEXT.splitlines())
        self.assertEqual([format_time(d.time) for d in departures], ["00:20", "05:50", "22:50", "23:35", "00:00", "01:10"])
        now = parse_time("24:00")
        self.assertEqual(board(upcoming(departures, now), now).splitlines(), ["N1  Airport  00:00     now", "N1  Airport  01:10  1 h 10"])
        self.assertIn("23:35 - 01:10", summary(departures))

    def test_rubbish(self):
        for text in ("12:75", "12:60", "12:00:60", "25:99:00"):
            with self.subTest(text=text), self.assertRaises(TimeError):
                parse_time(text)
        with self.assertRaises(TimetableError) as caught:
            read_timetable((HEAD + "1,X,12:00\n1,X,12:75\n").splitlines())
        self.assertIn("line 3", str(caught.exception))
        r = self.run_on(HEAD + "1,X,12:75:00\n", "--at", "1:00")
        self.assertEqual((r.returncode, r.stdout), (1, ""))
        self.assertTrue(r.stderr.startswith("departures: line 2: "), r.stderr)
        self.assertEqual(len(r.stderr.splitlines()), 1)


if __name__ == "__main__":
    unittest.main()

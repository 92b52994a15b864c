import subprocess
import sys
import tempfile
import unittest

from thermostat import parse_clock, parse_schedule

TEXT = "22:00-06:00 16\ndefault 18.5\n06:00-08:30 21\n17:00-22:00 20.5\n"


class Hidden(unittest.TestCase):
    def test_all_day(self):
        schedule = parse_schedule(TEXT)
        for clock, want in [("22:00", 16), ("21:59", 20.5), ("23:30", 16), ("23:59", 16), ("00:00", 16), ("03:00", 16), ("05:59", 16), ("06:00", 21), ("08:30", 18.5), ("12:00", 18.5), ("17:00", 20.5)]:
            self.assertEqual(schedule.target_at(parse_clock(clock)), want, clock)

    def test_day(self):
        self.assertEqual(parse_schedule(TEXT).changes(), [(0, 16), (360, 21), (510, 18.5), (1020, 20.5), (1320, 16)])

    def test_order_still_counts(self):
        schedule = parse_schedule("00:30-01:00 25\n23:00-02:00 15\n00:00-08:00 17\n")
        for clock, want in [("00:15", 15), ("00:45", 25), ("01:59", 15), ("02:00", 17), ("22:59", 18), ("23:00", 15)]:
            self.assertEqual(schedule.target_at(parse_clock(clock)), want, clock)

    def test_until_midnight(self):
        schedule = parse_schedule("default 18\n20:00-00:00 22\n")
        for clock, want in [("20:00", 22), ("23:59", 22), ("00:00", 18), ("19:59", 18)]:
            self.assertEqual(schedule.target_at(parse_clock(clock)), want, clock)

    def test_command(self):
        with tempfile.NamedTemporaryFile("w", suffix=".sched") as f:
            f.write(TEXT)
            f.flush()
            for clock, want in [("23:30", "16.0\n"), ("03:00", "16.0\n"), ("06:00", "21.0\n")]:
                r = subprocess.run([sys.executable, "-m", "thermostat", "target", f.name, clock], capture_output=True, text=True)
                self.assertEqual(r.stdout, want)


if __name__ == "__main__":
    unittest.main()

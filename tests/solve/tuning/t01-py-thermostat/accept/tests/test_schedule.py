import unittest

from thermostat import Controller, ScheduleError, parse_clock, parse_schedule

TEXT = """
default 18.5   # otherwise
06:00-08:30 21
08:00-09:00 19
"""


class ScheduleTest(unittest.TestCase):
    def test_clock(self):
        self.assertEqual(parse_clock("06:30"), 390)
        for bad in ("24:00", "6", "12:60", ""):
            with self.assertRaises(ScheduleError):
                parse_clock(bad)

    def test_start_is_in_end_is_out(self):
        schedule = parse_schedule(TEXT)
        self.assertEqual(schedule.target_at(parse_clock("06:00")), 21)
        self.assertEqual(schedule.target_at(parse_clock("09:00")), 18.5)

    def test_first_line_counts(self):
        self.assertEqual(parse_schedule(TEXT).target_at(parse_clock("08:15")), 21)

    def test_changes(self):
        self.assertEqual(parse_schedule(TEXT).changes(), [(0, 18.5), (360, 21), (510, 19), (540, 18.5)])

    def test_bad_line(self):
        with self.assertRaises(ScheduleError) as caught:
            parse_schedule("default 18\n06:00 21 warm\n")
        self.assertIn("line 2", str(caught.exception))


class ControllerTest(unittest.TestCase):
    def test_slack(self):
        controller = Controller(parse_schedule("default 20"))
        self.assertFalse(controller.update(0, 19.8))
        self.assertTrue(controller.update(1, 19.5))
        self.assertTrue(controller.update(2, 19.9))
        self.assertFalse(controller.update(3, 20.0))

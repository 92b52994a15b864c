import io
import unittest

from teatimer import countdown, spoken, steep_time


class SteepTest(unittest.TestCase):
    def test_black(self):
        self.assertEqual(steep_time("black"), 240)

    def test_cups(self):
        self.assertEqual(steep_time("oolong", 2), 180)
        self.assertEqual(steep_time("oolong", 4), 216)

    def test_unknown(self):
        with self.assertRaises(KeyError):
            steep_time("petrol")


class SpokenTest(unittest.TestCase):
    def test_minutes_and_seconds(self):
        self.assertEqual(spoken(150), "2 minutes 30 seconds")
        self.assertEqual(spoken(61), "1 minute 1 second")

    def test_hours(self):
        self.assertEqual(spoken(3600), "1 hour")


class CountdownTest(unittest.TestCase):
    def test_says_minutes(self):
        out = io.StringIO()
        countdown(121, sleep=lambda _: None, out=out)
        self.assertEqual(out.getvalue(), "2 minutes left\n1 minute left\n\aYour tea is ready.\n")

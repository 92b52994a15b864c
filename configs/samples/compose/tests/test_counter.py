import os
import unittest

from visits import Counter


class CounterTest(unittest.TestCase):
    def setUp(self):
        self.counter = Counter(os.environ["DATABASE"])
        self.addCleanup(self.counter.close)
        self.counter.forget("/tea")

    def test_each_visit_counts(self):
        self.assertEqual([self.counter.visit("/tea") for _ in range(3)], [1, 2, 3])

    def test_another_connection_goes_on_counting(self):
        self.counter.visit("/tea")
        other = Counter(os.environ["DATABASE"])
        self.addCleanup(other.close)
        self.assertEqual(other.visit("/tea"), 2)

    def test_pages_are_counted_apart(self):
        self.counter.forget("/cake")
        self.counter.visit("/tea")
        self.assertEqual(self.counter.visit("/cake"), 1)

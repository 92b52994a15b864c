//! What the stand-in answers, when there is no model: canned, and the demo says so.

/// The first try breaks a test that was green, so that the loop of checks has something to do.
pub(super) const REPLIES: [&str; 3] = [
    r#"The median of an even number of values is the mean of the two in the middle.

stats.py
```
"""Small statistics for lists of numbers."""


def mean(numbers):
    """The arithmetic mean; 0 for an empty list."""
    if not numbers:
        return 0
    return sum(numbers) / len(numbers)


def median(numbers):
    """The mean of the two in the middle; 0 for an empty list."""
    if not numbers:
        return 0
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    return (ordered[middle - 1] + ordered[middle]) / 2
```
"#,
    r#"Tests for the even and the empty list:

tests/test_stats.py
```
import unittest

from stats import mean, median


class StatsTest(unittest.TestCase):
    def test_mean(self):
        self.assertEqual(mean([1, 2, 3]), 2)

    def test_median_of_an_odd_number_of_values(self):
        self.assertEqual(median([3, 1, 2]), 2)

    def test_median_of_an_even_number_of_values(self):
        self.assertEqual(median([4, 1, 3, 2]), 2.5)

    def test_median_of_nothing(self):
        self.assertEqual(median([]), 0)


if __name__ == "__main__":
    unittest.main()
```
"#,
    r#"An odd number of values has one in the middle.

stats.py
```
"""Small statistics for lists of numbers."""


def mean(numbers):
    """The arithmetic mean; 0 for an empty list."""
    if not numbers:
        return 0
    return sum(numbers) / len(numbers)


def median(numbers):
    """The middle value, or the mean of the two in the middle; 0 for an empty list."""
    if not numbers:
        return 0
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
```
"#,
];

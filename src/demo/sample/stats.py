"""Small statistics for lists of numbers."""


def mean(numbers):
    """The arithmetic mean; 0 for an empty list."""
    if not numbers:
        return 0
    return sum(numbers) / len(numbers)


def median(numbers):
    """The middle value."""
    ordered = sorted(numbers)
    return ordered[len(ordered) // 2]

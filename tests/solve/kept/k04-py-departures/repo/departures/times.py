"""Times of the timetable."""

import datetime


class TimeError(ValueError):
    pass


def parse_time(text):
    """'07:05:00' or '7:05' -> the time."""
    parts = text.strip().split(":")
    if len(parts) not in (2, 3) or not all(part.isdigit() for part in parts):
        raise TimeError(f"not a time: {text!r}")
    hour, minute = int(parts[0]), int(parts[1])
    second = int(parts[2]) if len(parts) == 3 else 0
    return datetime.time(hour, minute, second)


def format_time(time):
    return f"{time.hour:02d}:{time.minute:02d}"


def minutes_between(start, end):
    """Whole minutes from start to end (seconds are cut off)."""
    return (end.hour * 60 + end.minute) - (start.hour * 60 + start.minute)

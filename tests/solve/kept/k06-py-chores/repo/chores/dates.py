"""Dates and how chores repeat."""

import datetime
import re
from dataclasses import dataclass

from .errors import ChoreError

REPEAT = re.compile(r"^(\d*)([dwmy])$")
UNIT_NAMES = {"d": "day", "w": "week", "m": "month", "y": "year"}
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def parse_date(text, today=None):
    """An ISO date, 'today', 'tomorrow' or '+N' (in N days)."""
    today = today or datetime.date.today()
    text = text.strip().lower()
    if text == "today":
        return today
    if text == "tomorrow":
        return today + datetime.timedelta(days=1)
    if text.startswith("+") and text[1:].isdigit():
        return today + datetime.timedelta(days=int(text[1:]))
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ChoreError(f"not a date: {text}") from None


def heading(date):
    return f"{WEEKDAYS[date.weekday()]}, {date.isoformat()}"


@dataclass(frozen=True)
class Repeat:
    count: int
    unit: str

    @classmethod
    def parse(cls, text):
        """'2w' -> every two weeks; the number may be left out."""
        match = REPEAT.match(text.strip().lower())
        if not match:
            raise ChoreError(f"not a number and d, w, m or y: {text}")
        count = int(match.group(1) or 1)
        if count < 1:
            raise ChoreError("the number must be at least 1")
        return cls(count, match.group(2))

    def __str__(self):
        return f"{self.count}{self.unit}"

    def words(self):
        name = UNIT_NAMES[self.unit]
        return f"every {name}" if self.count == 1 else f"every {self.count} {name}s"


def add_months(date, months):
    index = date.year * 12 + date.month - 1 + months
    return date.replace(year=index // 12, month=index % 12 + 1)


def next_date(date, repeat):
    """The date after this one."""
    if repeat.unit == "d":
        return date + datetime.timedelta(days=repeat.count)
    if repeat.unit == "w":
        return date + datetime.timedelta(weeks=repeat.count)
    if repeat.unit == "m":
        return add_months(date, repeat.count)
    return add_months(date, 12 * repeat.count)

"""The timetable of one stop."""

import csv
from dataclasses import dataclass

from .times import TimeError, parse_time


class TimetableError(ValueError):
    pass


@dataclass(frozen=True)
class Departure:
    line: str
    destination: str
    time: object


COLUMNS = ("line", "destination", "departure_time")


def read_timetable(lines):
    """The departures of a stop_times file, earliest first."""
    reader = csv.DictReader(lines)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise TimetableError(f"missing column: {', '.join(missing)}")
    departures = []
    for row in reader:
        try:
            time = parse_time(row["departure_time"] or "")
        except TimeError as error:
            raise TimetableError(f"line {reader.line_num}: {error}") from None
        departures.append(Departure(row["line"].strip(), row["destination"].strip(), time))
    return sorted(departures, key=lambda departure: (departure.time, departure.line))


def upcoming(departures, now, line=None, limit=None):
    """What leaves at or after now."""
    found = [d for d in departures if d.time >= now and (line is None or d.line == line)]
    return found[:limit]


def by_line(departures):
    """{line: its departures}, in the order of the lines' names."""
    lines = {}
    for departure in sorted(departures, key=lambda d: natural(d.line)):
        lines.setdefault(departure.line, []).append(departure)
    return lines


def natural(name):
    """Sort key: 2 before 10, N1 after all numbers."""
    return (0, int(name), "") if name.isdigit() else (1, 0, name)

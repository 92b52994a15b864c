"""The schedule file: which temperature is wanted at which time of the day."""

import re

MINUTES_PER_DAY = 24 * 60
CLOCK = re.compile(r"^(\d{1,2}):(\d{2})$")


class ScheduleError(ValueError):
    pass


def parse_clock(text):
    """'06:30' -> 390 (minutes since midnight)."""
    match = CLOCK.match(text)
    if not match:
        raise ScheduleError(f"not a time: {text!r}")
    hours, minutes = int(match.group(1)), int(match.group(2))
    if hours > 23 or minutes > 59:
        raise ScheduleError(f"not a time: {text!r}")
    return hours * 60 + minutes


def format_clock(minutes):
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


class Period:
    def __init__(self, start, end, temperature):
        self.start = start
        self.end = end
        self.temperature = temperature

    def contains(self, minute):
        return self.start <= minute < self.end

    def __repr__(self):
        return f"Period({format_clock(self.start)}-{format_clock(self.end)}, {self.temperature})"


class Schedule:
    def __init__(self, periods, default=18.0):
        self.periods = list(periods)
        self.default = default

    def target_at(self, minute):
        for period in self.periods:
            if period.contains(minute):
                return period.temperature
        return self.default

    def changes(self):
        """(minute, temperature) at midnight and whenever the target changes."""
        result = []
        for minute in range(MINUTES_PER_DAY):
            target = self.target_at(minute)
            if not result or result[-1][1] != target:
                result.append((minute, target))
        return result


def parse_schedule(text):
    periods = []
    default = 18.0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        try:
            when, temperature = line.split()
            temperature = float(temperature)
        except ValueError:
            raise ScheduleError(f"line {number}: expected 'from-to temperature'") from None
        if when == "default":
            default = temperature
            continue
        start, dash, end = when.partition("-")
        if not dash:
            raise ScheduleError(f"line {number}: expected 'from-to temperature'")
        periods.append(Period(parse_clock(start), parse_clock(end), temperature))
    return Schedule(periods, default)

"""What is shown."""

from .times import format_time, minutes_between
from .timetable import by_line


def wait_text(minutes):
    if minutes == 0:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d}"


def board(departures, now):
    if not departures:
        return "no more departures today"
    rows = [
        (d.line, d.destination, format_time(d.time), wait_text(minutes_between(now, d.time)))
        for d in departures
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join(
        f"{line:>{widths[0]}}  {destination:<{widths[1]}}  {time}  {wait:>{widths[3]}}"
        for line, destination, time, wait in rows
    )


def summary(departures):
    """For each line: how many departures, the first and the last one."""
    lines = []
    for line, own in by_line(departures).items():
        first, last = own[0].time, own[-1].time
        text = f"{line}: {len(own)} departures, {format_time(first)} - {format_time(last)}"
        if len(own) > 1:
            text += f", every {minutes_between(first, last) // (len(own) - 1)} min"
        lines.append(text)
    return "\n".join(lines)

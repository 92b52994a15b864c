"""What is to be done on which day."""

from .dates import heading, next_date

MAX_DATES = 1000


def occurrences(chore, start, end):
    """The dates of a chore from start to end (both included)."""
    if chore.due is None or chore.finished:
        return []
    dates = []
    date = chore.due
    while date <= end and len(dates) < MAX_DATES:
        if date >= start:
            dates.append(date)
        if chore.every is None:
            break
        date = next_date(date, chore.every)
    return dates


def agenda(chores, start, end):
    """{date: chores of that day}, earliest first."""
    days = {}
    for chore in chores:
        for date in occurrences(chore, start, end):
            days.setdefault(date, []).append(chore)
    return dict(sorted(days.items()))


def agenda_text(chores, start, end):
    lines = []
    for date, own in agenda(chores, start, end).items():
        lines.append(heading(date))
        for chore in own:
            lines.append(f"  - {chore.title}")
    return "\n".join(lines) if lines else "nothing to do"

"""Reading the gauge's log and finding the turns of the tide."""

from collections import namedtuple

Reading = namedtuple("Reading", "time height")
Turn = namedtuple("Turn", "kind time height")


def parse_readings(text):
    readings = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        time, height = line.split()
        readings.append(Reading(time, float(height)))
    return readings


def turns(readings):
    """High and low waters: readings above (below) both neighbours.

    Of several equal readings in a row the first is the turn.
    """
    result = []
    rising = None
    candidate = None
    for before, now in zip(readings, readings[1:]):
        if now.height == before.height:
            continue
        up = now.height > before.height
        if rising is not None and up != rising:
            result.append(Turn("high" if rising else "low", candidate.time, candidate.height))
        rising = up
        candidate = now
    return result


def tidal_range(found):
    """The difference of the highest and the lowest water, None without turns."""
    if not found:
        return None
    heights = [turn.height for turn in found]
    return max(heights) - min(heights)

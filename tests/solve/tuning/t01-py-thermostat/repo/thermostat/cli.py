import sys

from .control import Controller
from .schedule import ScheduleError, format_clock, parse_clock, parse_schedule

USAGE = "usage: thermostat target|day|simulate FILE [TIME [MEASURED...]]"


def load(path):
    with open(path, encoding="utf-8") as f:
        return parse_schedule(f.read())


def main(argv):
    if len(argv) < 2:
        print(USAGE, file=sys.stderr)
        return 2
    command, path, rest = argv[0], argv[1], argv[2:]
    try:
        schedule = load(path)
        if command == "target" and len(rest) == 1:
            print(f"{schedule.target_at(parse_clock(rest[0])):.1f}")
        elif command == "day" and not rest:
            for minute, temperature in schedule.changes():
                print(f"{format_clock(minute)} {temperature:.1f}")
        elif command == "simulate" and len(rest) > 1:
            minute = parse_clock(rest[0])
            controller = Controller(schedule)
            for measured in map(float, rest[1:]):
                state = "on" if controller.update(minute, measured) else "off"
                print(f"{format_clock(minute)} {measured:.1f} {state}")
                minute = (minute + 1) % (24 * 60)
        else:
            print(USAGE, file=sys.stderr)
            return 2
    except (OSError, ScheduleError) as error:
        print(f"thermostat: {error}", file=sys.stderr)
        return 1
    return 0

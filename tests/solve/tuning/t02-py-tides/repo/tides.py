import argparse
import sys

from gauge import parse_readings, tidal_range, turns


def table(found):
    lines = [f"{'tide':<6}{'time':>6}{'height (ft)':>14}"]
    lines.append("-" * len(lines[0]))
    for turn in found:
        lines.append(f"{turn.kind:<6}{turn.time:>6}{turn.height:>14.2f}")
    total = tidal_range(found)
    if total is not None:
        lines.append(f"range: {total:.2f} m")
    return "\n".join(lines)


def csv_table(found):
    lines = ["tide,time,height_m"]
    for turn in found:
        lines.append(f"{turn.kind},{turn.time},{turn.height:.2f}")
    return "\n".join(lines)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="tides")
    parser.add_argument("file")
    parser.add_argument("--csv", action="store_true", help="comma separated values instead of a table")
    args = parser.parse_args(argv)
    with open(args.file, encoding="utf-8") as f:
        found = turns(parse_readings(f.read()))
    print(csv_table(found) if args.csv else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

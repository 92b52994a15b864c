#!/usr/bin/env python3
"""Runs one measurement, and puts what it says into its place in a page.

usage: page.py NAME [--write FILE] -- COMMAND...

What COMMAND prints is shown as it comes. Figures of the form in which benches/figures.rs prints them become a table; tables,
and the lines after them, are taken as they are. In FILE it replaces what stands between `<!-- NAME -->` and
`<!-- /NAME -->`. Nothing is written when COMMAND fails. Leaves with what COMMAND left with.
"""
import argparse
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

# name, value, unit, goal: as `say` in benches/figures.rs has them.
FIGURE = re.compile(r"^(?P<name>.*\S)\s+(?P<value>-?\d+\.\d\d|NaN) (?P<unit>.{10})(?:   \(to reach: (?P<goal>.*)\))?$")


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((it.split(":", 1)[1].strip() for it in lines if it.startswith("model name")), platform.machine())


def tables(lines):
    """What was printed as Markdown, and what follows it."""
    first = next((nth for nth, it in enumerate(lines) if it.startswith("|")), None)
    if first is None:
        return []
    # A figure in prose is a line of its own.
    return [f"- {it}" if it and not it.startswith("|") else it for it in lines[first:]]


def figures(lines):
    found = [it.groupdict() for it in map(FIGURE.match, lines) if it]
    if not found:
        return []
    rows = []
    for it in found:
        measured = f"{float(it['value']):,.2f} {it['unit'].strip()}".strip()
        rows.append(f"| {it['name'].strip()} | {measured} | {(it['goal'] or '').replace('|', '/')} |")
    return ["| figure | measured | to reach |", "|---|---:|---|", *rows]


def place(text, name, body):
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        sys.exit(f"page: there is not one place `{begin}` … `{end}`")
    return f"{text[:text.index(begin)]}{begin}\n{body}\n{text[text.index(end):]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--write", type=str, default="", metavar="FILE")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    lines = []
    with subprocess.Popen(options.command, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip("\n"))
    if running.returncode != 0 or not options.write:
        sys.exit(running.returncode)
    body = tables(lines) or figures(lines)
    if not body:
        sys.exit(f"page: {options.command[0]} printed no figures")
    machine = f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors ({processor()}), {platform.system()} {platform.release()}"
    file = pathlib.Path(options.write)
    body = "\n".join([f"Measured {machine}:", "", *body]).strip()
    file.write_text(place(file.read_text(), options.name, f"\n{body}\n"))


if __name__ == "__main__":
    main()

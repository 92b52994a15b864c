#!/usr/bin/env python3
"""Turns what a terminal program printed into an SVG picture: picture.py TITLE < output > picture.svg"""
import sys
from xml.sax.saxutils import escape

lines = [it.rstrip("\n").replace("\t", "    ") for it in sys.stdin]
# The pull request's own text is long; its first line and the beginning of the diff tell enough.
shown = next((at for at, it in enumerate(lines) if it.startswith("Pull request #")), len(lines))
diff = next((at for at, it in enumerate(lines) if it.startswith("  diff --git")), len(lines))
lines = lines[: shown + 1] + ["  …", ""] + lines[diff : diff + 26] + ["  …"]
lines = [it if len(it) <= 110 else it[:109] + "…" for it in lines]
height = 48 + 18 * len(lines)
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 {height}" role="img" aria-label="{escape(sys.argv[1])}">')
print(f'<rect width="960" height="{height}" rx="8" fill="#0d1117"/>')
print(f'<text x="16" y="24" fill="#8b949e" font-family="monospace" font-size="13">$ {escape(sys.argv[1])}</text>')
for number, line in enumerate(lines):
    colour = "#ff7b72" if " RED " in line else "#7ee787" if line.startswith("pull request") else "#e6edf3"
    text = escape(line)
    print(f'<text x="16" y="{48 + 18 * number}" fill="{colour}" font-family="monospace" font-size="13" '
          f'xml:space="preserve">{text}</text>')
print("</svg>")

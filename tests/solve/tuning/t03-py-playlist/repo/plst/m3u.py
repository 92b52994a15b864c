"""Reading extended M3U playlists."""

import ntpath
import posixpath
from dataclasses import dataclass
from typing import Optional

EXTINF = "#EXTINF:"


@dataclass
class Entry:
    path: str
    title: str
    seconds: Optional[int] = None


def title_of(path):
    """The name of the file, without folders and extension."""
    if path.startswith(("http://", "https://")):
        return path
    name = ntpath.basename(posixpath.basename(path))
    stem, _ = posixpath.splitext(name)
    return stem


def parse_extinf(line):
    """The (seconds, title) of an #EXTINF line, seconds None if unknown."""
    seconds, title = line[len(EXTINF):].split(",", 1)
    seconds = int(float(seconds))
    return (seconds if seconds >= 0 else None), title.strip()


def parse_playlist(text):
    entries = []
    info = None
    for line in text.lstrip("\ufeff").splitlines():
        line = line.strip()
        if not line:
            continue
        if line.startswith(EXTINF):
            info = parse_extinf(line)
        elif line.startswith("#"):
            continue
        elif info is not None:
            seconds, title = info
            entries.append(Entry(line, title, seconds))
            info = None
        else:
            entries.append(Entry(line, title_of(line)))
    return entries


def total_seconds(entries):
    return sum(entry.seconds for entry in entries if entry.seconds is not None)


def duplicates(entries):
    """Paths that occur more than once, in the order of their first occurrence."""
    seen = {}
    for entry in entries:
        seen[entry.path] = seen.get(entry.path, 0) + 1
    return [path for path, count in seen.items() if count > 1]

#!/usr/bin/env python3
"""Makes tasks out of a repository's history, for `./taskw bench:places -- FOLDER`.

usage: history.py REPOSITORY FOLDER [--most N]

A commit is a task: what its message says is the issue, what its parent has is the repository, and the lines that it changes
are where the issue leads. Taken are commits whose message says something (six words and more, and not of a release, a
dependency, documentation or style) and which change one or two files of code, in no more than eight places, tests left
out. Which N of them is decided by their digests, so the same history gives the same tasks.
"""
import argparse
import hashlib
import io
import json
import pathlib
import re
import subprocess
import tarfile

CODE = (".c", ".cjs", ".go", ".h", ".js", ".mjs", ".py", ".rs", ".sh", ".ts")
# Longer files are data, or generated.
LONGEST = 256 * 1024
# More commits are not looked at.
DEEPEST = 1800
TEST = re.compile(r"(^|/)(tests?|spec|__tests__|examples?|docs?|benches|vendor)/|(^|[/_.])(test|spec)[_.]|_test\.|typings|\.d\.ts$")
TRAILER = re.compile(r"\s*(co-authored-by|signed-off-by|reported-by|refs?:? |(fix(e[sd])?|close[sd]?):? #)", re.I)
SILENT = re.compile(r"bump|release|version|typo|merge|refactor|format|lint|clippy|changelog|comment|rename|docs?\b", re.I)
HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? ")


def git(repository, *words):
    return subprocess.run(["git", "-C", repository, *words], capture_output=True, check=True).stdout


def said(message):
    """The message, without what only its host reads."""
    lines = [it for it in message.splitlines() if not TRAILER.match(it)]
    return re.sub(r"\s*\(#\d+\)", "", "\n".join(lines).strip())


def changed(diff):
    """[path, first line, last line] of each change, by the lines of before."""
    path, places = None, []
    for line in diff.splitlines():
        if line.startswith("--- "):
            path = line[6:] if line.startswith("--- a/") else None
        hunk = HUNK.match(line)
        if hunk and path and path.endswith(CODE) and not TEST.search(path):
            first, many = int(hunk[1]), int(hunk[2] or 1)
            places.append([path, first, max(first + many - 1, first)])
    return places


def tasks(repository):
    log = git(repository, "log", "--no-merges", "-n", str(DEEPEST), "--format=%H%x00%P%x00%B%x01").decode(errors="replace")
    rows = [it.strip("\n").split("\0") for it in log.split("\1") if it.strip()]
    rows.sort(key=lambda it: hashlib.sha256(it[0].encode()).hexdigest())
    for commit, parents, message in rows:
        message = said(message)
        if not parents or len(message.split()) < 6 or SILENT.search(message.splitlines()[0]):
            continue
        parent = parents.split()[0]
        diff = git(repository, "diff", "-U0", "--no-renames", "--no-ext-diff", parent, commit).decode(errors="replace")
        places = changed(diff)
        if 1 <= len({it[0] for it in places}) <= 2 and len(places) <= 8:
            yield commit, parent, message, places


def write(repository, folder, parent, message, places):
    folder.mkdir(parents=True, exist_ok=True)
    title, _, body = message.partition("\n")
    (folder / "issue.json").write_text(json.dumps({"title": title, "body": body.strip()}))
    files = sorted({it[0] for it in places})
    (folder / "meta.json").write_text(json.dumps({"files_to_touch": files, "lines_to_touch": places}))
    with tarfile.open(fileobj=io.BytesIO(git(repository, "archive", parent))) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(CODE) and member.size < LONGEST:
                to = folder / "repo" / member.name
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(archive.extractfile(member).read())


def main():
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("repository")
    told.add_argument("folder", type=pathlib.Path)
    told.add_argument("--most", type=int, default=50, metavar="N")
    told = told.parse_args()
    name = pathlib.Path(told.repository).resolve().name.removesuffix(".git")
    for many, (commit, parent, message, places) in enumerate(tasks(told.repository)):
        if many == told.most:
            break
        write(told.repository, told.folder / f"{name}-{commit[:8]}", parent, message, places)


if __name__ == "__main__":
    main()

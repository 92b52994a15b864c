"""Sees that task folders are sound: the untouched project fails its judge and passes what it passed before, and with the
reference patch it passes both."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import time

from . import tasks
from .judge import Judge, telling

KEYS = {"language": str, "kind": str, "difficulty": int, "files_to_touch": list, "test_command": str,
        "known_failing": list}


def form(task):
    """What is wrong with the folder before anything runs."""
    for name in ("repo", "accept.sh", "reference.patch", "meta.json"):
        if not (task.folder / name).exists():
            yield f"has no {name}"
    for key, kind in KEYS.items():
        if not isinstance(task.meta.get(key), kind):
            yield f"meta.json: `{key}` is no {kind.__name__}"
    if not task.meta.get("files_to_touch"):
        yield "meta.json: `files_to_touch` names no file"
    if not task.issue["title"].strip() or not task.issue["body"].strip():
        yield "issue.json: an empty title or body"
    if any(it.name == ".git" for it in task.repo.rglob(".git")):
        yield "repo/ has a .git"
    if any(it.is_symlink() for it in task.folder.rglob("*")):
        yield "has a symbolic link"
    patch = task.folder / "reference.patch"
    if patch.exists():
        text = patch.read_text(encoding="utf-8", errors="replace")
        yield from (f"meta.json: reference.patch does not touch {it}" for it in task.meta.get("files_to_touch") or []
                    if f"b/{it}\n" not in text and f"a/{it}\n" not in text)


def faults(task, judging):
    """All that is wrong with a task, in words."""
    found = list(form(task))
    if found:
        return found
    with tempfile.TemporaryDirectory(prefix="solve-check-") as room:
        base = pathlib.Path(room) / "base"
        shutil.copytree(task.repo, base, ignore=shutil.ignore_patterns("__pycache__", "target", "node_modules"))
        for path in [base, *base.rglob("*")]:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
        if judging.judge(task, base)[0]:
            found.append("the judge accepts the untouched project")
        ok, said = judging.judge(task, base, existing=True)
        if not ok:
            found.append(f"--existing refuses the untouched project: {telling(said)}")
        patched = subprocess.run(["git", "apply", "--whitespace=nowarn", str(task.folder / "reference.patch")], cwd=base,
                                 env={**os.environ, "GIT_CEILING_DIRECTORIES": room}, capture_output=True, timeout=60)
        if patched.returncode != 0:
            return [*found, f"reference.patch does not apply: {patched.stderr.decode('utf-8', 'replace').strip()}"]
        ok, said = judging.judge(task, base)
        if not ok:
            found.append(f"the judge refuses the reference: {telling(said)}")
    return found


def main(folders):
    """Checks all tasks of `folders`, several at once; returns an exit code."""
    began = time.monotonic()
    try:
        found = tasks.find(folders)
    except (tasks.BadTask, json.JSONDecodeError) as error:
        print(f"solve: {error}")
        return 1
    judging = Judge()
    bad, slow = 0, (0.0, "")

    def look(task):
        start = time.monotonic()
        return faults(task, judging), time.monotonic() - start

    with concurrent.futures.ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        for task, (wrong, seconds) in zip(found, pool.map(look, found)):
            slow = max(slow, (seconds, task.name))
            bad += bool(wrong)
            for line in wrong:
                print(f"solve: {task.name}: {line}", flush=True)
    print(f"{len(found)} tasks, {bad} of them not sound; {time.monotonic() - began:.0f} s "
          f"(the slowest: {slow[1]}, {slow[0]:.0f} s)")
    return 1 if bad else 0

#!/usr/bin/env python3
"""How many issues does the worker really solve? One line a task.

usage: solve.py TASKS [NAME...] [--binary PATH] [--model NAME] [--host URL] [--aider PATH] [--keep DIR]

TASKS is a folder of tasks, each a folder with
  repo/        the project as the issue finds it
  issue.json   {"title", "body"}
  accept.sh    accept.sh DIR: exits 0 when DIR solves the issue and breaks nothing;
               accept.sh DIR --existing: when it breaks nothing
The judge never sees the worker, and the worker never sees the judge. The environment reaches the worker, so any key of
its configuration can be set: CODINGWORKER__VERIFY__MAX_FIXES=0 solve.py …
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

GIT = ["git", "-c", "user.name=solve", "-c", "user.email=solve@noreply.invalid", "-c", "commit.gpgSign=false"]


def run(*args, **more):
    return subprocess.run([str(it) for it in args], check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def solve(task, room, options):
    """Plays one task to its end; returns the line's values."""
    host = room / "host"
    bare, tree = host / "task" / f"{task.name}.git", room / "tree"
    bare.parent.mkdir(parents=True)
    shutil.copytree(task / "repo", tree)
    run(*GIT, "init", "-q", "-b", "main", tree)
    run(*GIT, "-C", tree, "add", "-A")
    run(*GIT, "-C", tree, "commit", "-q", "-m", "As the issue finds it")
    run(*GIT, "clone", "-q", "--bare", tree, bare)
    issue = json.loads((task / "issue.json").read_text())
    person = {"id": 2, "login": "you"}
    (bare.parent / f"{task.name}.json").write_text(json.dumps({
        "last_number": 1,
        "issues": [{"number": 1, "title": issue["title"], "body": issue["body"], "open": True, "author": person,
                    "labels": ["ai-task"], "comments": [],
                    "timeline": [{"set": True, "label": "ai-task", "by": person, "at": 0}]}]}))
    (room / "config.yaml").write_text(json.dumps({
        "worker": {"worker_id": "solve", "state_dir": str(room / "state")},
        "github": {"git_url": f"file://{host}", "token": ""},
        "ollama": {"host": options.host},
        "aider": {"bin_path": options.aider, "models": [
            {"name": f"ollama_chat/{options.model}", "timeout_seconds": 900, "num_ctx": 8192, "edit_format": "whole"}]}}))
    worker = [options.binary, "--config", room / "config.yaml"]
    began = time.monotonic()
    run(*worker, "submit", "--repo", f"task/{task.name}", "--issue", "1", stderr=subprocess.DEVNULL)
    with open(room / "serve.log", "w") as log:
        run(*worker, "--log-format", "text", "serve", "--drain", stderr=log)
    seconds = time.monotonic() - began
    jobs = json.loads(run(*worker, "jobs", "--json"))
    job = json.loads(run(*worker, "job", jobs[0]["id"], "--json"))
    turns = [it["event"]["of"] for it in job["records"] if it["event"]["event"] == "attempted"]
    ledger = json.loads((bare.parent / f"{task.name}.json").read_text())
    opened = ledger.get("pull_requests", [])
    verdict, accepted = "none", False
    if opened:
        verdict = "draft" if opened[0]["draft"] else "ready"
        result = room / "result"
        run(*GIT, "clone", "-q", "-b", opened[0]["head"], bare, result)
        judge = ["sh", str(task / "accept.sh"), str(result)]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        accepted = subprocess.run(judge, **quiet).returncode == 0
        if not accepted and subprocess.run([*judge, "--existing"], **quiet).returncode != 0:
            verdict += ", breaks"
    return accepted, verdict, sum(it["calls"] for it in turns), seconds


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--binary", type=pathlib.Path, default=root / "target/release/codingworker")
    parser.add_argument("--model", default="qwen2.5-coder:1.5b")
    parser.add_argument("--host", default=os.environ.get("OLLAMA_HOST", "http://127.0.0.1:11434"))
    parser.add_argument("--aider", default=str(root / ".tools/aider/bin/aider"))
    parser.add_argument("--keep", type=pathlib.Path, help="keep each task's folder here")
    options = parser.parse_args()
    tasks = sorted(it.parent for it in options.tasks.glob("*/issue.json"))
    tasks = [it for it in tasks if not options.names or it.name in options.names]
    if not tasks:
        sys.exit(f"solve: no task in {options.tasks}")
    print(f"{'task':<24} {'accepted':<9} {'pull request':<14} {'calls':>5} {'seconds':>8}", flush=True)
    solved = wrong = broken = 0
    for task in tasks:
        room = (options.keep or pathlib.Path(tempfile.mkdtemp(prefix="solve-"))) / task.name
        shutil.rmtree(room, ignore_errors=True)
        room.mkdir(parents=True)
        try:
            accepted, verdict, calls, seconds = solve(task.resolve(), room.resolve(), options)
        except (subprocess.CalledProcessError, KeyError, IndexError) as error:
            print(f"{task.name:<24} failed: {error}; see {room}", flush=True)
            continue
        solved += accepted
        wrong += verdict == "ready" and not accepted
        broken += verdict == "ready, breaks"
        print(f"{task.name:<24} {'yes' if accepted else 'no':<9} {verdict:<14} {calls:>5} {seconds:>8.0f}", flush=True)
        if not options.keep:
            shutil.rmtree(room.parent, ignore_errors=True)
    print(f"{solved} of {len(tasks)} accepted; marked ready and refused: {wrong} for wrong logic alone, "
          f"{broken} that break what worked")


if __name__ == "__main__":
    main()

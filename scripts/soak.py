#!/usr/bin/env python3
"""Does the worker run for hours without losing a task, or memory, or file handles?

usage: soak.py [--minutes N] [--every SECONDS] [--binary PATH] [--emulator PYTHON] [--write FILE]

Plays all that is around a worker and keeps the worker real: an SQS emulator, a folder of bare repositories as the code
host, a model that answers at once, and an agent (soak-agent.py) that writes down what it says. Submits a task every few
seconds, looks into /proc every ten, and in the end counts. Exits 0 when every task became exactly one pull request,
nothing is left over, and memory and handles are flat; 1 when not. Linux only.
"""
import argparse
import ctypes
import http.server
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error

sys.dont_write_bytecode = True
from soak_world import MODEL, Failed, Model, Queue, repositories  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLE_SECONDS = 10
# How long the last tasks may take, and how long a worker may take to stop.
PATIENCE, STOP_PATIENCE = 300, 60
# What counts as flat: the last third against the second, by their medians; handles, threads and children by
# what there is at least, since jobs come and go, and more of them at once on a busy machine.
FLOORS = ("handles", "threads", "children")
MOST_RSS_SHARE, MOST_RSS_KB = 0.05, 3 * 1024
# A job under way has so many handles and threads, and on a busy machine one may be under way at every look of a
# third. What leaks with every second task makes more of it, even in ten minutes.
MOST_HANDLES = 8
# Trees of finished jobs that wait for the next one of their repository: src/workspace/spare.rs.
MOST_SPARES = 2
# SQLite checkpoints at 4 MB: far more than that means that something keeps it from doing so.
MOST_WAL_KB = 12 * 1024


def dies_with_us():
    """In a child: SIGTERM when this program is killed. 1 is PR_SET_PDEATHSIG."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def descendants(pid):
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                    parents[int(entry)] = int(file.read().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError, ValueError):
                continue
    found, more = set(), {pid}
    while more:
        more = {child for child, parent in parents.items() if parent in more} - found
        found |= more
    return found


def size(path):
    return path.stat().st_size if path.exists() else 0


def sample(pid, state):
    """One look at the worker; None when it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            status = dict(line.split(":", 1) for line in file if ":" in line)
        return {"rss_kb": int(status["VmRSS"].split()[0]), "threads": int(status["Threads"]),
                "handles": len(os.listdir(f"/proc/{pid}/fd")), "children": len(descendants(pid)),
                "wal_kb": size(state / "codingworker.db-wal") // 1024, "db_kb": size(state / "codingworker.db") // 1024}
    except (OSError, KeyError):
        return None


def ours(room):
    """Processes that know of the room, and are neither we nor what started us."""
    mark, found = str(room).encode(), {}
    above, pid = set(), os.getpid()
    while pid > 1:
        above.add(pid)
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            pid = int(file.read().rsplit(")", 1)[1].split()[1])
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) in above:
            continue
        try:
            words = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes()
            if mark in words or mark in pathlib.Path(f"/proc/{entry}/environ").read_bytes():
                found[int(entry)] = words.replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
    return found


class Worker:
    def __init__(self, binary, room, queue, model_port):
        self.binary, self.room, self.state = binary, room, room / "state"
        self.config = room / "config.yaml"
        self.config.write_text(json.dumps({
            "worker": {"worker_id": "soak", "state_dir": str(self.state)},
            "sqs": {"queue_url": queue.url, "region": "ap-northeast-1"},
            "github": {"git_url": f"file://{room}/hosts", "token": ""},
            "ollama": {"host": f"http://127.0.0.1:{model_port}"},
            "http": {"listen": f"unix:{room}/http.sock"},
            "aider": {"bin_path": str(room / "aider"), "models": [{"name": f"ollama_chat/{MODEL}"}]},
            "verify": {"runner": "native", "write_tests": False, "ready": "green"}, "trust": {"native": "always"}}))
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(room), "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": "soak", "AWS_SECRET_ACCESS_KEY": "soak", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{queue.port}"}
        self.log = open(room / "serve.log", "wb")
        self.process = subprocess.Popen(
            [binary, "--config", self.config, "--log-format", "text", "serve"], env=self.environment, cwd=room,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=dies_with_us)

    def says(self, *words):
        done = subprocess.run([self.binary, "--config", self.config, *map(str, words)], env=self.environment, cwd=self.room,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        if done.returncode != 0:
            raise Failed(f"`codingworker {' '.join(map(str, words))}` left with {done.returncode}: {done.stderr.decode()[-500:]}")
        return done.stdout.decode()

    def jobs(self):
        return json.loads(self.says("jobs", "--json"))

    def stop(self):
        """The exit code; None when it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.log.close()


def play(options, room, worker, queue, todo):
    """Submits everything, and waits until it is worked on; returns the samples."""
    samples, submitted, began, looked = [], 0, time.monotonic(), 0.0
    end = began + options.minutes * 60 + PATIENCE
    while True:
        now = time.monotonic()
        if worker.process.poll() is not None:
            raise Failed(f"the worker ended with {worker.process.returncode}")
        if submitted < len(todo) and now >= began + submitted * options.every:
            repository, issue = todo[submitted]
            worker.says("submit", "--repo", repository, "--issue", issue)
            submitted += 1
        if now - looked >= SAMPLE_SECONDS:
            looked = now
            one = sample(worker.process.pid, worker.state)
            if one and submitted < len(todo):
                samples.append({"second": round(now - began), **one})
                print(f"\r{samples[-1]['second']:>6} s  {submitted} submitted  {one['rss_kb'] / 1024:.1f} MB  "
                      f"{one['handles']} handles ", end="", file=sys.stderr, flush=True)
        if submitted == len(todo) and queue.count(queue.url) == 0:
            print(file=sys.stderr)
            return samples
        if now > end:
            raise Failed(f"{queue.count(queue.url)} tasks are still on the queue {PATIENCE} s after the last one")
        time.sleep(0.2)


def third(samples, name, which):
    """What the second or the last third comes to."""
    part = len(samples) // 3
    chosen = samples[part:2 * part] if which == 2 else samples[2 * part:]
    values = [it[name] for it in chosen]
    return min(values) if name in FLOORS else statistics.median(values)


def counted(room, worker, queue, todo):
    """(what is counted, how many there are, how many there should be)"""
    opened = {}
    for file in (room / "hosts" / "soak").glob("*.json"):
        for it in json.loads(file.read_text()).get("pull_requests", []):
            key = (f"soak/{file.stem}", it["head"])
            opened.setdefault(key, []).append(it)
    wanted = {(repository, f"ai/issue-{issue}") for repository, issue in todo}
    jobs = worker.jobs()
    return [
        ("tasks submitted", len(todo), len(todo)),
        ("pull requests, one for each task", len(wanted & opened.keys()), len(todo)),
        ("pull requests in all", sum(map(len, opened.values())), len(todo)),
        ("drafts among them (work that was not green)", sum(it["draft"] for many in opened.values() for it in many), 0),
        ("jobs", len(jobs), len(todo)),
        ("messages left on the queue", queue.count(queue.url), 0),
        ("dead letters", queue.count(queue.dead), 0),
    ]


def left_over(room, worker, code):
    # What begins with a dot is kept for later jobs.
    workspaces = [it for it in (worker.state / "workspaces").glob("*") if not it.name.startswith(".")]
    shelves = (worker.state / "workspaces" / ".spare").glob("*/*")
    surplus = sum(max(0, len(list(shelf.iterdir())) - MOST_SPARES) for shelf in shelves)
    processes = {pid: words for pid, words in ours(room).items() if "ministack" not in words}
    for pid, words in processes.items():
        print(f"left over: {pid} {words[:200]}", file=sys.stderr)
    for it in workspaces:
        print(f"left over: {it}", file=sys.stderr)
    return [("exit code after SIGTERM", -1 if code is None else code, 0), ("processes left", len(processes), 0),
            ("workspaces left", len(workspaces), 0), ("kept trees beyond two of a repository", surplus, 0)]


def report(options, samples, counts):
    """The Markdown, and whether all is well."""
    well = all(found == wanted for _, found, wanted in counts)
    lines = ["# Soak", "",
             f"`./taskw soak`: a task every {options.every:g} s for {options.minutes:g} minutes, an instant agent, the SQS "
             f"emulator; {platform.system()} {platform.machine()}, {os.cpu_count()} processors. "
             f"{len(samples)} samples, one every {SAMPLE_SECONDS} s.", "",
             "| counted | found | expected |", "|---|---:|---:|"]
    lines += [f"| {name} | {found} | {wanted} |" for name, found, wanted in counts]
    lines += ["", "| of the worker's process | least | second third | last third | most | flat |", "|---|---:|---:|---:|---:|---|"]
    for name, words in (("rss_kb", "resident memory, KB"), ("handles", "file handles"), ("threads", "threads"),
                        ("children", "child processes"), ("wal_kb", "write-ahead log, KB"), ("db_kb", "database, KB")):
        values = [it[name] for it in samples]
        before, after = third(samples, name, 2), third(samples, name, 3)
        flat = {"rss_kb": after - before <= max(before * MOST_RSS_SHARE, MOST_RSS_KB),
                "wal_kb": max(values) <= MOST_WAL_KB, "db_kb": True}.get(name, after - before <= MOST_HANDLES)
        verdict, well = ("-" if name == "db_kb" else "yes" if flat else "NO"), well and flat
        lines.append(f"| {words} | {min(values)} | {before:g} | {after:g} | {max(values)} | {verdict} |")
    lines += ["", f"Second and last third are medians of samples, of handles, threads and children the least. Flat: the last third is above the second by "
              f"{MOST_RSS_SHARE:.0%} or {MOST_RSS_KB // 1024} MB at most, of handles, threads and children by {MOST_HANDLES}; the log never has more than "
              f"{MOST_WAL_KB // 1024} MB. "
              "The database keeps every job, so it grows.", ""]
    return "\n".join(lines), well


def soak(options, room):
    tasks = max(1, int(options.minutes * 60 / options.every))
    if tasks * options.every < 12 * SAMPLE_SECONDS:
        raise Failed("too short to say anything: at least 2 minutes")
    todo = repositories(room, tasks)
    shutil.copy(ROOT / "scripts" / "soak-agent.py", room / "aider")
    (room / "aider").chmod(0o755)
    model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    queue = Queue(options.emulator, room)
    worker = None
    try:
        queue.make()
        worker = Worker(options.binary, room, queue, model.server_port)
        samples = play(options, room, worker, queue, todo)
        counts = counted(room, worker, queue, todo)
        counts += left_over(room, worker, worker.stop())
        return samples, counts
    finally:
        if worker:
            worker.stop()
        queue.stop()
        model.shutdown()
        for pid in ours(room):
            os.kill(pid, signal.SIGKILL)


def interrupted(number, _frame):
    # Another one must not cut the tidying short.
    for it in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(it, signal.SIG_IGN)
    raise SystemExit(128 + number)


def main():
    tools = pathlib.Path(os.environ.get("CODINGWORKER_TEST_TOOLS", ROOT / ".tools"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=180)
    parser.add_argument("--every", type=float, default=10, metavar="SECONDS", help="between two tasks")
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/codingworker")
    parser.add_argument("--emulator", type=pathlib.Path, default=tools / "ministack/bin/python", metavar="PYTHON")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="the Markdown, also when it is not well")
    options = parser.parse_args()
    options.binary = options.binary.resolve()
    for it in (options.binary, options.emulator):
        if not it.exists():
            sys.exit(f"soak: {it} is not there: `./taskw soak` makes it")
    for it in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(it, interrupted)
    room = pathlib.Path(tempfile.mkdtemp(prefix="soak-")).resolve()
    try:
        samples, counts = soak(options, room)
    except (Failed, OSError, urllib.error.URLError, subprocess.SubprocessError) as error:
        log = room / "serve.log"
        print(log.read_text(errors="replace")[-4000:] if log.exists() else "", file=sys.stderr)
        sys.exit(f"soak: {error}")
    finally:
        shutil.rmtree(room, ignore_errors=True)
    text, well = report(options, samples, counts)
    print(text)
    if options.write:
        options.write.write_text(text)
    if not well:
        sys.exit("soak: not well: see the tables above")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The embedded queue beside others: the whole life of a job that does nothing, everything flushed to the disk.

usage: queues.py [--jobs N] [--rounds N] [--producers N] [--workers N] [--life PROGRAM] [--room DIR] [NAME...]

Each system runs alone, on a fresh server and an empty disk state, and the order turns with the rounds. A round: a worker
starts, producers in another process submit a warm-up and then N jobs, each producer one after the other as they are
answered, while the worker works. Said are jobs/s from the first submission to the last job's end, and how long each job
took from its submission to its end; medians of the rounds, and their range. Exits 1 when one of ours lost a job or did one
twice. Needs scripts/bench-rivals, and the benchmark `life` (found where cargo has put it, if not named).
"""
import argparse
import contextlib
import ctypes
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE, TOOLS = ROOT / "scripts/bench", ROOT / ".tools"
WARM_UP = 200
# For each step of a run; nothing here may wait longer.
PATIENCE = 600


class Failed(Exception):
    """What a person is told."""


def dies_with_us():
    """In a child: SIGKILL when this program is killed. 1 is PR_SET_PDEATHSIG."""
    if platform.system() == "Linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def answers(port, process, log):
    end = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > end:
            raise Failed(f"the server did not start: {log.read_text(errors='replace')[-800:]}")
        time.sleep(0.05)


@contextlib.contextmanager
def started(command, log, **more):
    with open(log, "ab") as out:
        process = subprocess.Popen([str(it) for it in command], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                   preexec_fn=dies_with_us, **more)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def nothing(room):
    yield ""


@contextlib.contextmanager
def redis(room):
    port = free_port()
    command = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", room, "--save", "", "--appendonly", "yes",
               "--appendfsync", "always", "--maxmemory-policy", "noeviction"]
    with started(command, room / "redis.log") as process:
        answers(port, process, room / "redis.log")
        yield f"redis://127.0.0.1:{port}"


def postgres_programs():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda it: int(it.parent.name))
    return found[-1] if found else pathlib.Path(shutil.which("postgres") or "/usr/bin/postgres").parent


def as_postgres(*command):
    """PostgreSQL will not run as root."""
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return [*user, *map(str, command)]


@contextlib.contextmanager
def postgres(room):
    port, programs, data = free_port(), postgres_programs(), room / "postgres"
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(data, "postgres")
    subprocess.run(as_postgres(programs / "initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"),
                   check=True, stdout=subprocess.DEVNULL, cwd="/")
    settings = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": 200,
                "shared_buffers": "256MB", "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": port}
    command = as_postgres(programs / "postgres", "-D", data, *(it for key, value in settings.items() for it in ("-c", f"{key}={value}")))
    with started(command, room / "postgres.log", cwd="/") as process:
        answers(port, process, room / "postgres.log")
        time.sleep(0.5)
        yield f"postgres://bench@127.0.0.1:{port}/postgres"


def node(name, tools):
    return ["node", HERE / name], {"BENCH_TOOLS": str(TOOLS / tools)}


def python(name, tools):
    return [TOOLS / tools / "bin/python", HERE / name], {}


def systems(life):
    """name: (server, (program, environment), roles). Two roles are two processes."""
    two, ours = ("work", "submit"), ([life], {})
    return {
        "codingworker, queue": (nothing, ours, two),
        "codingworker, queue, one process": (nothing, ours, ("both",)),
        "codingworker, queue and job's journal, one process": (nothing, ours, ("journal",)),
        "BullMQ + Redis": (redis, node("bullmq.mjs", "bench-bullmq"), two),
        "Celery + Redis": (redis, python("celery_queue.py", "bench-celery"), two),
        "Huey + SQLite": (nothing, python("huey_queue.py", "bench-huey"), two),
        "graphile-worker + PostgreSQL": (postgres, node("graphile.mjs", "bench-graphile"), two),
    }


def moments(file):
    return [(int(n), int(at)) for n, at in (line.split() for line in file.read_text().splitlines())]


def play(system, room, options):
    """One round; returns its figures."""
    server, (program, environment), roles = system
    sizes = [room, options.jobs, WARM_UP, options.workers, options.producers]
    with server(room) as url:
        environment = {**os.environ, **environment, "BENCH_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}
        log = open(room / "said.log", "ab")
        worker = subprocess.Popen([*map(str, program), roles[0], *map(str, sizes)], env=environment, cwd=room, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=dies_with_us)
        deadline = threading.Timer(PATIENCE, worker.kill)
        deadline.start()

        def says(word):
            for line in worker.stdout:
                if line.strip() == word:
                    return
            raise Failed(f"it ended before it said {word}: {(room / 'said.log').read_text(errors='replace')[-1500:]}")
        try:
            if len(roles) == 2:
                says("ready")
                subprocess.run([*map(str, program), roles[1], *map(str, sizes)], env=environment, cwd=room, stdout=log, stderr=log,
                               stdin=subprocess.DEVNULL, check=True, timeout=PATIENCE, preexec_fn=dies_with_us)
            says("done")
            # Time for what would be done a second time.
            time.sleep(1)
            worker.stdin.close()
            worker.wait(60)
        finally:
            deadline.cancel()
            worker.kill()
            worker.wait()
            log.close()
    begun = dict(moments(room / "submitted"))
    ended, doubled = {}, 0
    for n, at in moments(room / "finished"):
        doubled += n in ended
        ended.setdefault(n, at)
    lives = sorted((ended[n] - at) / 1000 for n, at in begun.items() if n in ended)
    whole = (max(ended[n] for n in begun if n in ended) - min(begun.values())) / 1e6
    return {"rate": len(lives) / whole, "p50": lives[len(lives) // 2], "p99": lives[len(lives) * 99 // 100],
            "lost": options.jobs - len(lives), "doubled": doubled}


def find_life():
    found = [it for it in ROOT.glob("target/*/deps/life-*") if os.access(it, os.X_OK) and not it.suffix]
    if not found:
        sys.exit("queues: the benchmark `life` is not built: cargo bench --locked --profile figures --bench life --no-run")
    return max(found, key=lambda it: it.stat().st_mtime)


def versions():
    def said(*command):
        try:
            return subprocess.run([str(it) for it in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
        except OSError:
            return "?"

    def package(tools, name):
        return json.loads((TOOLS / tools / "node_modules" / name / "package.json").read_text())["version"]

    def wheels(tools, *names):
        listed = {it["name"]: it["version"] for it in json.loads(said(TOOLS / tools / "bin/pip", "list", "--format", "json", "--disable-pip-version-check") or "[]")}
        return ", ".join(f"{it} {listed.get(it, '?')}" for it in names)
    yield f"BullMQ {package('bench-bullmq', 'bullmq')} with ioredis {package('bench-bullmq', 'ioredis')}"
    yield f"graphile-worker {package('bench-graphile', 'graphile-worker')} with pg {package('bench-graphile', 'pg')}"
    yield wheels("bench-celery", "celery", "kombu", "redis")
    yield wheels("bench-huey", "huey") + " with SQLite " + said(TOOLS / "bench-huey/bin/python", "-c", "import sqlite3; print(sqlite3.sqlite_version)")
    yield f"Python {said(TOOLS / 'bench-huey/bin/python', '--version').split()[-1]}, Node.js {said('node', '--version')}"
    yield said("redis-server", "--version").split(" sha")[0]
    yield said(postgres_programs() / "postgres", "--version")


def spread(values, digits):
    values = sorted(values)
    middle = statistics.median(values)
    return f"{middle:,.{digits}f} ({values[0]:,.{digits}f} to {values[-1]:,.{digits}f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only systems whose names contain one of these")
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--producers", type=int, default=100)
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--life", type=pathlib.Path)
    # Not /tmp: that may be memory, where a flush costs nothing.
    parser.add_argument("--room", type=pathlib.Path, default=pathlib.Path("/var/tmp"))
    options = parser.parse_args()
    # An end from outside goes the way of an error: servers are stopped and rooms removed.
    for it in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(it, lambda number, _: sys.exit(128 + number))
    life = (options.life or find_life()).resolve()
    todo = [(name, it) for name, it in systems(life).items()
            if not options.names or any(word.lower() in name.lower() for word in options.names)]
    if not todo:
        sys.exit("queues: no system is called so")
    print(f"queues: {options.jobs} jobs that do nothing, {options.producers} producers, {options.workers} workers, "
          f"{options.rounds} rounds; {os.cpu_count()} processors, {platform.system()} {platform.release()}, {time.strftime('%Y-%m-%d')}; {life}")
    for line in versions():
        print(f"  {line}")
    results, sound = {name: [] for name, _ in todo}, True
    for nth in range(options.rounds):
        shift = nth * max(1, len(todo) // options.rounds) % len(todo)
        for name, system in todo[shift:] + todo[:shift]:
            room = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=options.room))
            room.chmod(0o755)
            try:
                one = play(system, room, options)
            except (Failed, subprocess.SubprocessError, OSError, ValueError) as error:
                print(f"  round {nth + 1}: {name}: failed: {error}", flush=True)
                sound &= "codingworker" not in name
                continue
            finally:
                shutil.rmtree(room, ignore_errors=True)
            results[name].append(one)
            print(f"  round {nth + 1}: {name}: {one['rate']:,.0f} jobs/s, p50 {one['p50']:.1f} ms, p99 {one['p99']:.1f} ms, "
                  f"lost {one['lost']}, twice {one['doubled']}", flush=True)
            if "codingworker" in name:
                sound &= one["lost"] == one["doubled"] == 0
    print("\n| system | jobs/s | submitted to finished, p50 ms | p99 ms | lost | done twice |\n|---|---|---|---|---|---|")
    for name, rounds in sorted(results.items(), key=lambda it: -statistics.median([one["rate"] for one in it[1]] or [0])):
        if rounds:
            columns = [spread([it[key] for it in rounds], digits) for key, digits in (("rate", 0), ("p50", 1), ("p99", 1))]
            print(f"| {name} | {' | '.join(columns)} | {sum(it['lost'] for it in rounds)} | {sum(it['doubled'] for it in rounds)} |")
        else:
            print(f"| {name} | failed | | | | |")
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""One job with three turns of the agent, beside the shell script that one would write instead.

usage: job.py [--rounds N] [--binary PATH] [--aider PATH] [--room DIR]

Both have the real Aider, a model that answers at once (the same three replies: two leave the test red, the third mends
it), and the same repository. Ours: a worker that runs, from the start of `codingworker submit` to the last label. The
script: clone, Aider, test, until green; push, and curl for the pull request. They take turns, the order turns too, and one
round before counts for nothing. In the end the worker is told to stop while an agent waits for a model that says nothing.
Exits 1 when a job did not become one pull request that is ready, or the worker left something behind.
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

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = pathlib.Path(os.environ.get("CODINGWORKER_TEST_TOOLS", ROOT / ".tools"))
MODEL = "stand-in"
GIT = ["git", "-c", "user.name=bench", "-c", "user.email=bench@noreply.invalid", "-c", "commit.gpgSign=false"]
REPLIES = [f"answer.txt\n```\n{it}\n```\n" for it in ("wrong", "wrong again", "forty-two")]
# How long one job may take, and a worker to stop: its grace is 10 s (`worker::lifecycle::PATIENCE`).
PATIENCE, STOP_PATIENCE = 300, 60
# What one would write on a free evening.
SCRIPT = """
set -eu
git clone --quiet --depth 1 "$URL" "$WORK"
cd "$WORK"
git checkout --quiet -b "fix-$ISSUE"
message="$TITLE. $BODY"
for turn in 1 2 3; do
    "$AIDER" --model "ollama_chat/$MODEL" --edit-format whole --yes-always --no-check-update --analytics-disable \\
        --no-show-release-notes --no-show-model-warnings --no-pretty --message "$message" answer.txt >"$WORK.log" 2>&1 </dev/null
    if said=$(sh test.sh 2>&1); then break; fi
    message="The tests fail: $said"
done
sh test.sh
git push --quiet origin "fix-$ISSUE"
curl --silent --show-error --fail --request POST --data "{\\"title\\": \\"$TITLE\\", \\"head\\": \\"fix-$ISSUE\\", \\"base\\": \\"main\\"}" "$API/pulls" >/dev/null
"""


class Failed(Exception):
    """What a person is told."""


class Stopped(BaseException):
    """Somebody told us to end; nobody but `main` catches it."""


def told_to_end(number, _):
    for it in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(it, signal.SIG_IGN)
    raise Stopped(signal.Signals(number).name)


def begins():
    """In a child: a group of its own, and SIGTERM when this program is killed. 1 is PR_SET_PDEATHSIG."""
    os.setpgid(0, 0)
    if platform.system() == "Linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class World(http.server.BaseHTTPRequestHandler):
    """Ollama, as far as worker and Aider ask it, and the code host's one address that the script asks."""

    protocol_version = "HTTP/1.1"
    chats, pulls = 0, 0
    # Set: the model says nothing until it is set again.
    silent, asked = threading.Event(), threading.Event()

    def log_message(self, *_):
        pass

    def answer(self, lines):
        body = "".join(json.dumps(it) + "\n" for it in lines).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson" if len(lines) > 1 else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer([{"models": [{"name": MODEL, "digest": "00"}]} if self.path == "/api/tags" else {"version": "0.12.0", "models": []}])

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path == "/pulls":
            World.pulls += 1
            return self.answer([{"number": World.pulls}])
        if self.path == "/api/show":
            return self.answer([{"template": "", "details": {}, "capabilities": ["completion"], "model_info": {
                "general.architecture": "script", "script.context_length": 32768}}])
        if self.path not in ("/api/chat", "/api/generate"):
            return self.answer([{}])
        said = {"model": MODEL, "created_at": "1970-01-01T00:00:00Z"}
        end = {"done": True, "done_reason": "stop", "total_duration": 1, "prompt_eval_count": 1, "eval_count": 1}
        # An empty request only loads the model.
        if not asked.get("messages"):
            return self.answer([{**said, **end, "message": {"role": "assistant", "content": ""}, "response": ""}])
        # Aider asks for the words of its commit in one piece.
        if asked.get("stream") is False:
            return self.answer([{**said, **end, "message": {"role": "assistant", "content": "docs: Answer the question"}}])
        if World.silent.is_set():
            World.asked.set()
            time.sleep(STOP_PATIENCE)
            return None
        reply = REPLIES[min(World.chats, len(REPLIES) - 1)]
        World.chats += 1
        return self.answer([{**said, "done": False, "message": {"role": "assistant", "content": reply}},
                            {**said, **end, "message": {"role": "assistant", "content": ""}}])


def make_host(room, issues):
    """A bare repository and its issues, in a folder that plays the code host."""
    tree, bare, person = room / "tree", room / "host/bench/answers.git", {"id": 2, "login": "you"}
    tree.mkdir()
    (tree / "answer.txt").write_text("nobody knows\n")
    (tree / "test.sh").write_text("#!/bin/sh\n! grep wrong answer.txt\n")
    (tree / ".codingworker.yml").write_text("test: {command: sh test.sh}\n")
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "As it is"]):
        subprocess.run([*GIT, "-C", tree, *words], check=True)
    bare.parent.mkdir(parents=True)
    subprocess.run([*GIT, "clone", "-q", "--bare", tree, bare], check=True)
    bare.with_suffix(".json").write_text(json.dumps({"last_number": issues, "issues": [
        {"number": it, "title": f"Answer question {it}", "body": "Write the answer into answer.txt.", "open": True,
         "author": person, "labels": ["ai-task"], "comments": [],
         "timeline": [{"set": True, "label": "ai-task", "by": person, "at": 0}]} for it in range(1, issues + 1)]}))
    return bare


class Worker:
    def __init__(self, options, room, port):
        self.binary, self.room = options.binary, room
        self.config, self.ledger = room / "config.yaml", room / "host/bench/answers.json"
        self.config.write_text(json.dumps({
            "worker": {"worker_id": "bench", "state_dir": str(room / "state")},
            "github": {"git_url": f"file://{room}/host", "token": ""},
            "ollama": {"host": f"http://127.0.0.1:{port}"},
            "aider": {"bin_path": str(options.aider), "models": [
                {"name": f"ollama_chat/{MODEL}", "num_ctx": 8192, "edit_format": "whole"}]},
            "http": {"listen": f"unix:{room}/http.sock"},
            "verify": {"runner": "native", "write_tests": False, "ready": "green", "max_fixes": 2}, "trust": {"native": "always"}}))
        self.environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(room), "LANG": "C.UTF-8"}
        self.log = room / "serve.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([self.binary, "--config", self.config, "--log-format", "text", "serve"], cwd=room,
                                            env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=begins)
        try:
            end = time.monotonic() + 30
            while "waiting for tasks" not in self.log.read_text(errors="replace"):
                if self.process.poll() is not None or time.monotonic() > end:
                    raise Failed(f"the worker did not start: {self.log.read_text(errors='replace')[-800:]}")
                time.sleep(0.02)
        except BaseException:
            self.end()
            raise

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def submit(self, issue):
        subprocess.run([self.binary, "--config", self.config, "submit", "--repo", "bench/answers", "--issue", str(issue)], check=True,
                       env=self.environment, cwd=self.room, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)

    def labels(self, issue):
        try:
            issues = json.loads(self.ledger.read_text())["issues"]
        except ValueError:
            return []
        return next(it["labels"] for it in issues if it["number"] == issue)

    def play(self, issue):
        began = time.monotonic()
        self.submit(issue)
        while True:
            labels = self.labels(issue)
            if "ai-task-done" in labels:
                return time.monotonic() - began
            if "ai-task-failed" in labels or self.process.poll() is not None or time.monotonic() - began > PATIENCE:
                raise Failed(f"the job of issue {issue} ended with {labels}")
            time.sleep(0.005)

    def opened(self):
        return json.loads(self.ledger.read_text()).get("pull_requests", [])

    def steps(self):
        """What the journal says of the last job: seconds by kind of event."""
        says = [self.binary, "--config", self.config]
        done = subprocess.run([*says, "jobs", "--json"], env=self.environment, stdout=subprocess.PIPE, check=True, cwd=self.room)
        newest = max(json.loads(done.stdout), key=lambda it: it.get("created_at", 0))
        done = subprocess.run([*says, "job", newest["id"], "--json"], env=self.environment, stdout=subprocess.PIPE, check=True, cwd=self.room)
        took = {}
        for it in json.loads(done.stdout)["records"]:
            name = it["event"]["event"]
            took[name] = took.get(name, 0) + it["took_ms"] / 1000
        return took


def left_over(room):
    """Processes that still know of the room, with their command lines; ourselves and ours above left out."""
    mark, found = str(room).encode(), []
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if entry.isdigit() and int(entry) not in (os.getpid(), os.getppid()):
            try:
                words = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes()
                inside = os.readlink(f"/proc/{entry}/cwd").startswith(str(room))
                if words and (inside or mark in words):
                    found.append((int(entry), words.replace(b"\0", b" ").decode(errors="replace").strip()))
            except OSError:
                continue
    return found


def sweep(room):
    """Ends what still knows of the room, whoever started it."""
    for _ in range(50):
        found = left_over(room)
        for pid, _ in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        if not found:
            return
        time.sleep(0.1)


def stop(worker, issue, room):
    """How long the worker takes to stop while an agent waits for its model; and what is left of it."""
    World.silent.set()
    worker.submit(issue)
    if not World.asked.wait(PATIENCE):
        raise Failed("the agent never asked its model")
    began = time.monotonic()
    worker.process.send_signal(signal.SIGTERM)
    code = worker.process.wait(STOP_PATIENCE)
    return time.monotonic() - began, code, [words for _, words in left_over(room)]


def by_hand(options, room, port, issue):
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(room / "home"), "LANG": "C.UTF-8",
                   "URL": f"file://{room}/host/bench/answers.git", "WORK": str(room / f"work-{issue}"), "ISSUE": str(issue), "MODEL": MODEL,
                   "TITLE": f"Answer question {issue}", "BODY": "Write the answer into answer.txt.", "AIDER": str(options.aider),
                   "API": f"http://127.0.0.1:{port}", "OLLAMA_API_BASE": f"http://127.0.0.1:{port}",
                   "GIT_AUTHOR_NAME": "you", "GIT_AUTHOR_EMAIL": "you@noreply.invalid", "GIT_COMMITTER_NAME": "you",
                   "GIT_COMMITTER_EMAIL": "you@noreply.invalid"}
    before, began = World.pulls, time.monotonic()
    said = room / f"said-{issue}.log"
    with open(said, "wb") as out:
        script = subprocess.Popen(["sh", "-c", SCRIPT], env=environment, cwd=room, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                  preexec_fn=begins)
    try:
        code = script.wait(PATIENCE)
    finally:
        if script.poll() is None:
            os.killpg(script.pid, signal.SIGKILL)
            script.wait()
    took = time.monotonic() - began
    if code != 0 or World.pulls != before + 1:
        log = room / f"work-{issue}.log"
        raise Failed(f"the script left with {code}: {said.read_text(errors='replace')[-800:]} {log.read_text()[-800:] if log.exists() else ''}")
    return took


def measure(options, room):
    rounds = options.rounds + 1
    make_host(room, 2 * rounds + 1)
    (room / "home").mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), World)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    worker = Worker(options, room, server.server_port)
    took, sound = {"codingworker": [], "script": []}, True
    try:
        for nth in range(rounds):
            order = [("codingworker", lambda it: worker.play(it)), ("script", lambda it: by_hand(options, room, server.server_port, it))]
            for who, play in order if nth % 2 else order[::-1]:
                World.chats = 0
                seconds = play(2 * nth + (1 if who == "script" else 2))
                if World.chats != len(REPLIES):
                    raise Failed(f"{who}: {World.chats} turns of the agent instead of {len(REPLIES)}")
                took[who].append(seconds)
                print(f"  {'warm-up' if nth == 0 else f'round {nth}'}: {who}: {seconds:.2f} s", flush=True)
        opened, steps = worker.opened(), worker.steps()
        sound &= len(opened) == rounds and not any(it["draft"] for it in opened)
        seconds, code, left = stop(worker, 2 * rounds + 1, room)
    except (Failed, OSError, subprocess.SubprocessError) as error:
        print(worker.log.read_text(errors="replace")[-3000:], file=sys.stderr)
        raise Failed(error) from error
    finally:
        worker.end()
        server.shutdown()
    ours, theirs = (statistics.median(took[it][1:]) for it in ("codingworker", "script"))
    print("\n| | median s | range s |\n|---|---|---|")
    for who, all_of_it in took.items():
        print(f"| {who} | {statistics.median(all_of_it[1:]):.2f} | {min(all_of_it[1:]):.2f} to {max(all_of_it[1:]):.2f} |")
    print(f"\njob: ours against the script: {ours / theirs:.2f} x   (to reach: <= 0.4 x)")
    print("job: the last one's steps, in seconds: " + ", ".join(f"{name} {it:.2f}" for name, it in steps.items() if it >= 0.005))
    print(f"job: pull requests {len(opened)} of {rounds}, drafts {sum(it['draft'] for it in opened)}")
    print(f"stop: SIGTERM to exit while the agent waits for its model: {seconds:.2f} s   (to reach: <= grace of 10 s + 2 s), exit code {code}, "
          f"left over: {'; '.join(left) or 'nothing'}")
    return sound and not left


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/codingworker")
    parser.add_argument("--aider", type=pathlib.Path, default=TOOLS / "aider/bin/aider")
    parser.add_argument("--room", type=pathlib.Path, default=pathlib.Path("/var/tmp"))
    options = parser.parse_args()
    # Not resolved to its end: that would be the interpreter's own place.
    options.binary, options.aider = options.binary.resolve(), options.aider.absolute()
    for it in (options.binary, options.aider):
        if not it.exists():
            sys.exit(f"job: {it} is not there: ./taskw build, ./taskw tools:aider")
    print(f"job: three turns of the agent, a model that answers at once, {options.rounds} rounds; {os.cpu_count()} processors, "
          f"{platform.system()} {platform.release()}, {time.strftime('%Y-%m-%d')}; {options.binary}")
    for it in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(it, told_to_end)
    room = pathlib.Path(tempfile.mkdtemp(prefix="bench-job-", dir=options.room)).resolve()
    try:
        sound = measure(options, room)
    except Failed as error:
        sys.exit(f"job: {error}")
    except Stopped as which:
        sys.exit(f"job: ended by {which}")
    finally:
        sweep(room)
        shutil.rmtree(room, ignore_errors=True)
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()

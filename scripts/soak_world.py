"""What is around the worker in scripts/soak.py: the queue, the model, and the repositories."""
import http.server
import json
import socket
import subprocess
import time
import urllib.request

MODEL = "stand-in"
# The pull requests of a repository are in one file of the folder host, which is read for each call: with
# all tasks in one repository the host would grow, and the worker with what it reads.
TASKS_EACH = 30
# Ends with its standard input, and so with us, however we end.
EMULATOR = """
import os, sys, threading
def leash():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=leash, daemon=True).start()
from ministack.app import main
main()
"""


class Failed(Exception):
    """What a person is told."""


class Model(http.server.BaseHTTPRequestHandler):
    """Ollama, as far as worker and agent ask it."""

    protocol_version = "HTTP/1.1"

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
        self.answer([{"models": [{"name": MODEL}]} if self.path == "/api/tags" else {"version": "0.0.0-stand-in"}])

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/api/show":
            return self.answer([{"template": "", "details": {}, "capabilities": ["completion"], "model_info": {
                "general.architecture": "script", "script.context_length": 32768}}])
        said = {"model": MODEL, "created_at": "1970-01-01T00:00:00Z"}
        return self.answer([
            {**said, "done": False, "message": {"role": "assistant", "content": "forty-two\n"}},
            {**said, "done": True, "done_reason": "stop", "message": {"role": "assistant", "content": ""},
             "total_duration": 1, "prompt_eval_count": 1, "eval_count": 1}])


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Queue:
    """The emulator and its two queues, by SQS's JSON protocol."""

    def __init__(self, python, room):
        self.port = free_port()
        self.log = open(room / "emulator.log", "wb")
        self.process = subprocess.Popen(
            [python, "-c", EMULATOR], cwd=room, stdin=subprocess.PIPE, stdout=self.log, stderr=self.log,
            env={"PATH": "/usr/bin:/bin", "HOME": str(room), "TMPDIR": str(room), "BIND_HOST": "127.0.0.1",
                 "GATEWAY_PORT": str(self.port), "SERVICES": "sqs", "LOG_LEVEL": "WARNING",
                 "MINISTACK_REGION": "ap-northeast-1"})

    def ask(self, action, **words):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}", json.dumps(words).encode(), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}",
            "Authorization": "AWS4-HMAC-SHA256 Credential=soak/20250101/ap-northeast-1/sqs/aws4_request"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"{}")

    def make(self):
        end = time.monotonic() + 60
        while True:
            try:
                self.dead = self.ask("CreateQueue", QueueName="soak-dead")["QueueUrl"]
                break
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise Failed(f"the SQS emulator did not start: {error}") from error
                time.sleep(0.1)
        arn = self.ask("GetQueueAttributes", QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.url = self.ask("CreateQueue", QueueName="soak", Attributes={
            "VisibilityTimeout": "300",
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "20"})})["QueueUrl"]

    def count(self, url):
        """Waiting and in flight together."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                 "ApproximateNumberOfMessagesDelayed"]
        values = self.ask("GetQueueAttributes", QueueUrl=url, AttributeNames=names).get("Attributes", {})
        return sum(int(values.get(it, 0)) for it in names)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def repositories(room, tasks):
    """As many as the tasks need, with an issue for each task; returns (repository, issue) in their order."""
    git = ["git", "-c", "user.name=soak", "-c", "user.email=soak@noreply.invalid", "-c", "commit.gpgSign=false"]
    tree, person = room / "tree", {"id": 2, "login": "you"}
    tree.mkdir()
    (tree / "answer.txt").write_text("nobody knows\n")
    (tree / "test.sh").write_text("#!/bin/sh\ntest -s answer.txt\n")
    (tree / ".codingworker.yml").write_text("test: {command: sh test.sh}\n")
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "As it is"]):
        subprocess.run([*git, "-C", tree, *words], check=True)
    todo = []
    for number in range((tasks + TASKS_EACH - 1) // TASKS_EACH):
        bare = room / "hosts" / "soak" / f"r{number}.git"
        bare.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([*git, "clone", "-q", "--bare", tree, bare], check=True)
        issues = range(1, min(TASKS_EACH, tasks - len(todo)) + 1)
        bare.with_suffix(".json").write_text(json.dumps({"last_number": len(issues), "issues": [
            {"number": it, "title": f"Answer question {it}", "body": "Write the answer into answer.txt.", "open": True,
             "author": person, "labels": ["ai-task"], "comments": [],
             "timeline": [{"set": True, "label": "ai-task", "by": person, "at": 0}]} for it in issues]}))
        todo += [(f"soak/r{number}", it) for it in issues]
    return todo

"""Doubles for whole runs: Ollama, which answers by a script, and a worker that does what a file tells it."""
import contextlib
import http.server
import json
import pathlib
import stat
import sys
import threading

MODEL = "double"


class _Ollama(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _say(self, *values):
        body = "".join(f"{json.dumps(it)}\n" for it in values).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # noqa: N802 (the name is the library's)
        self._say({"version": "0.0.0"} if self.path == "/api/version" else {"models": self.server.models})

    def do_POST(self):  # noqa: N802
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/api/show":
            return self._say({"template": "", "details": {}, "capabilities": ["completion"],
                              "model_info": {"general.architecture": "double", "double.context_length": 32768}})
        piece = {"model": MODEL, "created_at": "1970-01-01T00:00:00Z", "done": False}
        return self._say({**piece, "message": {"role": "assistant", "content": self.server.reply}},
                         {**piece, "done": True, "done_reason": "stop", "message": {"role": "assistant", "content": ""},
                          "total_duration": 1, "prompt_eval_count": 100, "eval_count": 20})

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def ollama(reply=""):
    """A server with `MODEL`; its `models` and its `reply` can be changed while it runs."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Ollama)
    server.models, server.reply = [{"name": MODEL, "digest": "sha256:double"}], reply
    server.host = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def task(folder, name, issue="f gives 1, it should give 2"):
    """A task: f in a.py has to give 2; g is there too, and the project's own test is that it gives 3."""
    it = pathlib.Path(folder, name)
    (it / "repo").mkdir(parents=True)
    (it / "repo/a.py").write_text("def f():\n    return 1\n\n\ndef g():\n    return 3\n")
    (it / "repo/test_a.py").write_text(
        "import unittest\n\nimport a\n\n\nclass G(unittest.TestCase):\n    def test_g(self):\n"
        "        self.assertEqual(a.g(), 3)\n")
    (it / "issue.json").write_text(json.dumps({"title": "f is wrong", "body": issue}))
    (it / "meta.json").write_text(json.dumps({
        "language": "python", "kind": "bug", "difficulty": 0, "files_to_touch": ["a.py"], "test_command": "true",
        "known_failing": []}))
    (it / "reference.patch").write_text(
        "--- a/a.py\n+++ b/a.py\n@@ -1,4 +1,4 @@\n def f():\n-    return 1\n+    return 2\n \n \n")
    (it / "accept.sh").write_text(
        "cd \"$1\" || exit 1\n[ -z \"${CODINGWORKER_SECRET:-}\" ] || exit 1\n"
        f"[ \"${{2:-}}\" = --existing ] || {sys.executable} -S -c 'import a; assert a.f() == 2, \"f is not 2\"' || exit 1\n"
        f"{sys.executable} -S -c 'import a; assert a.g() == 3'\n")
    return it


_WORKER = '''import json, os, pathlib, subprocess, sys
here = pathlib.Path(__file__).resolve().parent
words = sys.argv[1:]
if words == ["--version"]:
    print("codingworker 0.0.0-double"); sys.exit()
config = json.loads(pathlib.Path(words[1]).read_text())
plan = json.loads((here / "plan.json").read_text())
host = pathlib.Path(config["github"]["git_url"][len("file://"):]) / "task"
git = ["git", "-c", "user.name=d", "-c", "user.email=d@d.invalid"]
command = next(it for it in words if it in ("config", "submit", "serve", "jobs", "job", "logs"))
if command == "config":
    print(json.dumps({"settings": [{"key": "aider.models", "value": config["aider"]["models"]},
                                   {"key": "x.y", "value": os.environ.get("CODINGWORKER__X__Y", "")}]}))
elif command == "serve":
    bare = next(host.glob("*.git"))
    step = plan.get(bare.name[:-4], {})
    with open(here / "played", "a") as played:
        played.write(bare.name[:-4] + "\\n")
    if "sleep" in step:
        subprocess.run(["sleep", str(step["sleep"])])
    if step.get("exit"):
        sys.exit(step["exit"])
    if "files" in step:
        tree = host.parent / "work"
        subprocess.run([*git, "clone", "-q", bare, tree], check=True)
        for name, text in step["files"].items():
            (tree / name).write_text(text)
        subprocess.run([*git, "-C", tree, "add", "-A"], check=True)
        subprocess.run([*git, "-C", tree, "commit", "-q", "-m", "w", "--allow-empty"], check=True)
        subprocess.run([*git, "-C", tree, "push", "-q", "origin", "HEAD:ai/issue-1"], check=True)
        ledger = host / (bare.name[:-4] + ".json")
        known = json.loads(ledger.read_text())
        known["pull_requests"] = [{"head": "ai/issue-1", "draft": step.get("draft", False)}]
        ledger.write_text(json.dumps(known))
elif command == "logs":
    print("asked and answered")
elif command == "jobs":
    print(json.dumps([{"id": "j"}]))
elif command == "job":
    step = plan.get(next(host.glob("*.git")).name[:-4], {})
    events = [{"event": "attempted", "of": {
        "request": {"kind": "implement"}, "outcome": step.get("outcome", {"kind": "edited"}), "files": [],
        "calls": 1, "tokens": {"read": 10, "written": 5}}}]
    events.append({"event": "ended", "of": step.get("ended", {"kind": "ready"})})
    print(json.dumps({"id": "j", "state": "done", "records": [{"at": 1, "took_ms": 1, "event": it} for it in events]}))
'''


def worker(folder, plan):
    """A program that plays `plan`: the name of a task to what it does with it. Returns its path."""
    program = pathlib.Path(folder, "codingworker")
    program.write_text(f"#!{sys.executable} -IS\n{_WORKER}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    tell(folder, plan)
    return program


def tell(folder, plan):
    pathlib.Path(folder, "plan.json").write_text(json.dumps(plan))


def played(folder):
    """The tasks that the worker was started for, in order."""
    path = pathlib.Path(folder, "played")
    return path.read_text().split() if path.exists() else []

"""Plays one task: the real worker, from `submit` to its pull request, then the judge."""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import time

from . import child, definitions, failure, journal, judge, syntax
from .journal import NotAResult

GIT = ["git", "-c", "user.name=solve", "-c", "user.email=solve@noreply.invalid", "-c", "commit.gpgSign=false",
       "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false"]
KINDS = {"A": "added", "D": "removed"}
MOST_LOG = 20_000  # characters of what the agent and the checks printed, its end
OWN = "task"  # the owner of the repositories


class Worker:
    """What is run: the program, Aider, the model at its host, in a variant of the configuration."""

    def __init__(self, binary, aider, model, host, variant):
        self.binary, self.aider, self.model, self.host, self.variant = binary, aider, model, host, variant

    def environment(self, run):
        """This process's, with none of its own words about the worker's configuration but the variant's."""
        env = {key: it for key, it in os.environ.items() if not key.startswith(("CODINGWORKER", "GIT_"))}
        return {**env, **self.variant.environment(run), "OLLAMA_HOST": self.host, "NO_COLOR": "1"}

    def configure(self, room, run):
        first = {"name": f"ollama_chat/{self.model}", "timeout_seconds": 900, "num_ctx": 8192}
        config = {
            "worker": {"worker_id": "solve", "state_dir": str(room / "state")},
            "github": {"git_url": f"file://{room / 'host'}", "token": ""},
            "ollama": {"host": self.host},
            "aider": {"bin_path": str(self.aider), "models": self.variant.ladder(first, run)}}
        (room / "config.yaml").write_text(json.dumps(config), encoding="utf-8")

    def ask(self, room, run, *words, limit=60):
        """What a command of the worker prints. Raises `NotAResult` when it fails."""
        ended = child.run([self.binary, "--config", room / "config.yaml", *words], limit, env=self.environment(run),
                          apart=True)
        if not ended.ok:
            raise NotAResult(f"`codingworker {words[0]}` left with {ended.code}: {_line(ended.errors)}")
        return ended.output

    def settings(self, room, run):
        """The configuration as it is resolved, each key with its value; `{room}` stands for the room's path."""
        self.configure(room, run)
        said = json.loads(self.ask(room, run, "config", "--json"))
        text = json.dumps({it["key"]: it["value"] for it in said["settings"]})
        return json.loads(text.replace(str(room), "{room}"))

    def limit(self, settings):
        """Longer than any job may take: who waits for longer waits for a model that is away."""
        return int(settings.get("worker.job_timeout_seconds", 3600)) + 600


def _git(*words):
    try:
        return subprocess.run([*GIT, *map(str, words)], check=True, capture_output=True, timeout=120).stdout
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (getattr(error, "stderr", b"") or b"").decode("utf-8", "replace").strip()
        raise NotAResult(f"git {words[0]}: {said or error}") from None


def lay_out(task, room):
    """The task as a code host has it: a bare repository, and an issue with the label."""
    bare, tree = room / "host" / OWN / f"{task.name}.git", room / "tree"
    bare.parent.mkdir(parents=True)
    shutil.copytree(task.repo, tree, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():  # Tasks may lie in a folder that is for reading only.
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    _git("init", "-q", "-b", "main", tree)
    _git("-C", tree, "add", "-A", "-f")
    _git("-C", tree, "commit", "-q", "-m", "As the issue finds it")
    _git("clone", "-q", "--bare", tree, bare)
    shutil.rmtree(tree)
    person = {"id": 2, "login": "you"}
    issue = {"number": 1, "title": task.issue["title"], "body": task.issue["body"], "open": True, "author": person,
             "labels": ["ai-task"], "comments": [],
             "timeline": [{"set": True, "label": "ai-task", "by": person, "at": 0}]}
    ledger = bare.parent / f"{task.name}.json"
    ledger.write_text(json.dumps({"last_number": 1, "issues": [issue]}), encoding="utf-8")
    return bare, ledger


def play(task, room, worker, judging, run, limit):
    """The result of one task, as the record has it. Raises `NotAResult` when the worker had no chance."""
    room = pathlib.Path(room).resolve()
    bare, ledger = lay_out(task, room)
    worker.configure(room, run)
    began = time.monotonic()
    worker.ask(room, run, "submit", "--repo", f"{OWN}/{task.name}", "--issue", "1")
    ended = child.run([worker.binary, "--config", room / "config.yaml", "--log-format", "text", "serve", "--drain"], limit,
                      env=worker.environment(run), grace=40)
    seconds = time.monotonic() - began
    (room / "serve.log").write_text(ended.output, encoding="utf-8")
    if ended.code is None:
        raise NotAResult(f"the worker was not done after {limit} s: is the model away?")
    if not ended.ok:
        last = ended.output.strip().splitlines()[-1:] or [""]
        raise NotAResult(f"the worker left with {ended.code}: {last[0][:300]}")
    jobs = json.loads(worker.ask(room, run, "jobs", "--json"))
    if len(jobs) != 1:
        raise NotAResult(f"expected one job, there are {len(jobs)}")
    job = json.loads(worker.ask(room, run, "job", jobs[0]["id"], "--json"))
    kind = journal.ending(job)
    opened = json.loads(ledger.read_text(encoding="utf-8")).get("pull_requests") or []
    green, red = journal.checks(job)
    result = {
        "request": ("draft" if opened[0]["draft"] else "ready") if opened else "none", "ending": kind,
        "green": green, "seconds": round(seconds, 1), **journal.cost(job)}
    facts = failure.Facts(
        to_touch=task.meta.get("files_to_touch") or (), ending=kind, build_red=red == "build", tests_red=red == "test",
        changes=journal.changes(job))
    facts.answer, facts.reason = journal.answer(job)
    accepted, said = False, ""
    if opened:
        accepted, said = _judge(task, room, bare, opened[0]["head"], judging, facts)
    result.update(accepted=accepted, changes=facts.changes, existing=facts.existing)
    result["classes"] = [] if accepted else failure.classes(facts)
    result["why"] = "" if accepted else _why(task, job, kind, said, facts)
    result["journal"] = journal.kept(job)
    result["log"] = worker.ask(room, run, "logs", job["id"])[-MOST_LOG:]
    return result


def _judge(task, room, bare, branch, judging, facts):
    """Judges what was pushed, and gathers the facts about it."""
    before, after = room / "base", room / "result"
    _git("clone", "-q", "-b", "main", bare, before)
    _git("clone", "-q", "-b", branch, bare, after)
    fields = _git("-C", after, "diff", "--name-status", "--no-renames", "-z", "origin/main...HEAD")
    words = fields.decode("utf-8", "surrogateescape").split("\0")
    facts.pushed = True
    facts.changes = {path.encode("utf-8", "replace").decode(): KINDS.get(letter, "changed")
                     for letter, path in zip(words[0:-1:2], words[1::2])}
    accepted, said = judging.judge(task, after)
    if accepted:
        return True, ""
    facts.existing, _ = judging.judge(task, after, existing=True)
    facts.unparsable = syntax.unparsable(before, after, facts.changes, judge.environment())
    sources = [it for it in facts.changes if not failure.is_test(it)]
    facts.lost = definitions.lost(_texts(before, sources), _texts(after, facts.changes), task.text)
    return False, said


def _texts(tree, paths):
    files = {it: tree / it for it in paths}
    return {path: file.read_text(encoding="utf-8", errors="replace") for path, file in files.items()
            if file.is_file() and not file.is_symlink()}


def _why(task, job, kind, said, facts):
    """One line for people. What a judge of the kept half says is shown to nobody: it would be tuned on."""
    if not facts.pushed:
        return _line(journal.why(job, kind))
    if facts.unparsable:
        return _line(f"does not parse: {', '.join(facts.unparsable)}")
    if facts.lost:
        return _line(f"lost {', '.join(facts.lost)}")
    return "refused by the judge" if task.kept else _line(judge.telling(said)) or "refused by the judge"


def _line(text):
    return " ".join(text.split())[:300]

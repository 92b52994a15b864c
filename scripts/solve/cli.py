"""The command line of `./taskw solve`."""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile

from . import check, compare, play, record, report, setup, tasks, totals, variant
from .journal import NotAResult
from .judge import Judge

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HEAD = (f"{'task':<22} {'accepted':<8} {'request':<7} {'checks':<6} {'files':>5} {'calls':>5} {'tokens':>7} {'s':>5}  "
        "why not")


def arguments():
    it = argparse.ArgumentParser(
        prog="./taskw solve --", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="How many issues the worker really solves: submit to pull request, then a hidden judge.",
        epilog=f"variants: {variant.parse.__doc__}\nLeaves with 1 when a task could not be run at all (it is run the next "
               "time), 2 on wrong usage,\n3 when something is missing, 130 when stopped; what was done is in the file.")
    it.add_argument("--model", default="qwen2.5-coder:1.5b", help="as Ollama names it (%(default)s)")
    it.add_argument("--tasks", nargs="+", metavar="DIR", default=[ROOT / "tests/solve/tuning"],
                    help="folders of tasks (tests/solve/tuning); the kept half is run only to report")
    it.add_argument("--variant", default="base", metavar="NAME[:KEY=VALUE,...]", help="a name, and what it sets")
    it.add_argument("--runs", type=int, default=1, metavar="N", help="of each task")
    it.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these tasks alone")
    it.add_argument("--out", metavar="FILE.json", help="results; a run goes on where they end (target/solve/…)")
    it.add_argument("--binary", default=ROOT / "target/release/codingworker", metavar="PATH")
    it.add_argument("--aider", default=ROOT / ".tools/aider/bin/aider", metavar="PATH")
    it.add_argument("--host", default=os.environ.get("OLLAMA_HOST") or "http://127.0.0.1:11434", metavar="URL")
    it.add_argument("--keep", metavar="DIR", help="keep what each task leaves behind: log, clone, state")
    it.add_argument("--compare", nargs=2, metavar=("A.json", "B.json"), help="two files of results, task by task")
    it.add_argument("--report", nargs="+", metavar="FILE.json", help="the tables of docs/effectiveness.md")
    it.add_argument("--base", default="base", metavar="NAME", help="with --report: the variant to compare with")
    it.add_argument("--write", metavar="PAGE", help="with --report: into this page instead of onto the terminal")
    it.add_argument("--check", nargs="*", metavar="DIR", help="see that the task folders themselves are sound")
    return it


def main(words=None):
    options = arguments().parse_args(words)
    signal.signal(signal.SIGTERM, _stop)
    try:
        if options.check is not None:
            return check.main(options.check or [ROOT / "tests/solve" / it for it in tasks.HALVES])
        if options.compare:
            print("\n".join(compare.lines(*map(record.read, options.compare))))
            return 0
        if options.report:
            return _report(options)
        return measure(options)
    except (variant.BadVariant, tasks.BadTask, record.BadRecord) as error:
        print(f"solve: {error}", file=sys.stderr)
        return 2
    except NotAResult as error:
        print(f"solve: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("solve: stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _stop(*_):
    raise KeyboardInterrupt


def _report(options):
    text = "\n".join(report.lines([record.read(it) for it in options.report], options.base))
    if options.write:
        report.put(options.write, text)
    else:
        print(text)
    return 0


def measure(options):
    """Runs what is not done yet."""
    if options.runs < 1:
        raise variant.BadVariant("--runs: at least 1")
    worker = play.Worker(pathlib.Path(options.binary).resolve(), pathlib.Path(options.aider).absolute(), options.model,
                         options.host, variant.parse(options.variant))
    chosen = tasks.find(options.tasks, options.only)
    for path in (worker.binary, worker.aider):
        if not os.access(path, os.X_OK):
            raise NotAResult(f"{path}: no such program; build it, or name another")
    judging = Judge()
    now = _setup(worker, options, judging)
    halves = "+".join(sorted({it.half for it in chosen}))
    name = f"{_file_name(f'{options.model}-{worker.variant.name}-{halves}')}.json"
    out = pathlib.Path(options.out or ROOT / "target/solve" / name)
    with record.alone(out):
        digests = {it.name: it.digest() for it in chosen}
        try:
            book, said = record.resume(record.read(out) if out.exists() else None, now, digests)
        except record.BadRecord as error:
            raise record.BadRecord(f"{out}: {str(error).replace(f'{out}: ', '')}") from None
        return _through(options, worker, judging, chosen, digests, book, out, said)


def _setup(worker, options, judging):
    with tempfile.TemporaryDirectory(prefix="solve-") as room:
        try:
            settings = worker.settings(pathlib.Path(room).resolve(), 1)
        except NotAResult as error:
            raise variant.BadVariant(f"the worker refuses this configuration: {error}") from None
    return {"model": setup.model(options.host, options.model), "worker": setup.worker(worker.binary),
            "variant": worker.variant.record(), "settings": settings, "seeds": setup.seeds(settings),
            "machine": setup.machine(), "judge": "sandbox" if judging.sandbox else "native", "date": setup.today()}


def _file_name(text):
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", text)


def _through(options, worker, judging, chosen, digests, book, out, said):
    todo = [(task, run) for run in range(1, options.runs + 1) for task in chosen
            if (task.name, run) not in record.done(book)]
    names = {it.name for it in chosen}
    before = len(chosen) * options.runs - len(todo)
    for line in [*said, *([f"{before} of {before + len(todo)} were done before and stand"] if before else [])]:
        print(f"solve: {line}", flush=True)
    if any(it.kept for it in chosen):
        print("solve: the kept half: to report with, not to tune on", flush=True)
    print(f"solve: {options.model}, variant {worker.variant.name}; results in {out}\n{HEAD}", flush=True)
    limit = worker.limit(book["setup"]["settings"])
    record.write(out, book)
    try:
        for task, run in todo:
            one = {"task": task.name, "half": task.half, "run": run, "digest": digests[task.name], "date": setup.today()}
            try:
                one.update(_in_room(options, task, run, worker, judging, limit))
                book["results"].append(one)
                print(_line(one), flush=True)
            except NotAResult as error:
                book["failed"].append({**one, "why": str(error)})
                print(f"{_label(one):<22} not run   {error}", flush=True)
            record.write(out, book)
    finally:
        counted = [it for it in book["results"] if it["task"] in names and it["run"] <= options.runs]
        print("", *totals.lines(counted), sep="\n")
        if book["failed"]:
            print(f"not run (no result; the same command tries again): {len(book['failed'])}", flush=True)
    return 1 if book["failed"] else 0


def _in_room(options, task, run, worker, judging, limit):
    """Plays one task in a folder of its own. The model is looked for first, so that an answer is never its absence."""
    setup.model(options.host, options.model)
    with contextlib.ExitStack() as stack:
        if options.keep:
            room = pathlib.Path(options.keep) / f"{task.name}-{run}"
            shutil.rmtree(room, ignore_errors=True)
            room.mkdir(parents=True)
        else:
            room = stack.enter_context(tempfile.TemporaryDirectory(prefix="solve-"))
        try:
            return play.play(task, room, worker, judging, run, limit)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotAResult(f"what the worker left cannot be read: {type(error).__name__}: {error}") from None


def _label(one):
    return one["task"] if one["run"] == 1 else f"{one['task']} ({one['run']})"


def _line(one):
    green = {True: "green", False: "red", None: "-"}[one["green"]]
    why = ", ".join(one["classes"][:1]) + (f": {one['why']}" if one["why"] else "")
    return (f"{_label(one):<22} {'yes' if one['accepted'] else 'no':<8} {one['request']:<7} {green:<6} "
            f"{len(one['changes']):>5} {one['calls']:>5} {totals.tokens(one):>7} {one['seconds']:>5.0f}  {why[:110]}").rstrip()

"""The tables of docs/effectiveness.md, from files of results. Pure, but for `put`."""
import pathlib
import re
import sys

from . import figures, totals
from .compare import Pairs, comparable

BEGIN, END = "<!-- solve -->", "<!-- /solve -->"


def _row(*cells):
    return f"| {' | '.join(str(it).replace('|', '/') for it in cells)} |"


def _table(head, rows):
    return [_row(*head), f"|{'---|' * len(head)}", *rows] if rows else []


def _halves(records):
    return sorted({it["half"] for record in records for it in record["results"]})


def _of_half(record, half):
    return {**record, "results": [it for it in record["results"] if it["half"] == half]}


def _name(record):
    return record["setup"]["model"]["name"], record["setup"]["variant"]["name"]


def _reached(records):
    rows = []
    for record in records:
        results = record["results"]
        if results:
            count = {it: sum(one["request"] == it for one in results) for it in ("ready", "draft", "none")}
            rows.append(_row(
                *_name(record), max(it["run"] for it in results), totals.Count(results, totals.accepted),
                totals.Count(results, totals.ready_but_refused), f"{count['ready']} / {count['draft']} / {count['none']}",
                f"{figures.mean(it['calls'] for it in results):.1f}", f"{figures.mean(map(totals.tokens, results)):.0f}",
                f"{figures.median([it['seconds'] for it in results]):.0f}"))
    head = ("model", "variant", "runs", "accepted", "ready, but refused", "ready / draft / none", "calls", "tokens",
            "median s")
    return _table(head, rows)


def _gains(records, base):
    rows = []
    for model in sorted({_name(it)[0] for it in records}):
        of_model = [it for it in records if _name(it)[0] == model and it["results"]]
        bases = [it for it in of_model if _name(it)[1] == base]
        for record in of_model if bases else []:
            if record is bases[0]:
                continue
            a, b, _ = comparable(bases[0], record)
            if not a:
                continue
            right, wrong = Pairs(a, b, totals.accepted), Pairs(a, b, totals.ready_but_refused)
            calls = figures.mean(it["calls"] for it in b) - figures.mean(it["calls"] for it in a)
            rows.append(_row(*_name(record), len(totals.by_task(a)), right.gain(), f"{right.p:.3f}", wrong.gain(),
                             f"{wrong.p:.3f}", f"{calls:+.1f}"))
    head = ("model", "variant", "tasks", "accepted, points", "p", "ready, but refused, points", "p", "calls")
    return _table(head, rows)


def _failures(records):
    names = sorted({name for record in records for name, _ in totals.classes(record["results"])})
    rows = []
    for record in records:
        counts = dict(totals.classes(record["results"]))
        if record["results"]:
            rows.append(_row(*_name(record), *(counts.get(it, 0) for it in names)))
    return _table(("model", "variant", *names), rows if names else [])


def _each(records):
    tasks = sorted({it["task"] for record in records for it in record["results"]})
    rows = []
    for name in tasks:
        cells = []
        for record in records:
            found = [it for it in record["results"] if it["task"] == name]
            accepted = sum(map(totals.accepted, found))
            if not found:
                cells.append("")
            elif len(found) > 1:
                cells.append(f"{accepted} of {len(found)}")
            else:
                cells.append("**yes**" if accepted else f"{found[0]['request']}: {(found[0]['classes'] or ['?'])[0]}")
        rows.append(_row(name, *cells))
    return _table(("task", *(" ".join(_name(it)) for it in records)), rows)


def _sources(records):
    said = []
    for record in records:
        setup = record["setup"]
        machine, variant = setup["machine"], setup["variant"]
        keys = {**variant["keys"], **{f"aider.models.{nth}.{key}": value for nth, keys in variant["models"].items()
                                      for key, value in keys.items()}}
        words = ",".join(f"{key}={value}" for key, value in keys.items())
        line = (f"- {' '.join(_name(record))}: {setup['worker']['version']} ({setup['worker']['digest'][:19]}), model "
                f"{setup['model']['digest'][:19] or 'without a digest'}, {machine['cores']} cores of {machine['cpu']}, "
                f"{setup['date'][:10]}; `--model {setup['model']['name']} --variant '{variant['name']}"
                f"{':' if words else ''}{words}'`")
        said.append(line if line not in said else "")
    return [it for it in said if it]


def lines(records, base="base"):
    """Markdown: for each half of the tasks, what was reached, what each variant gains upon `base`, the failures."""
    said = []
    for half in _halves(records):
        here = [it for it in (_of_half(record, half) for record in records) if it["results"]]
        said += [f"### Tasks: {half}", "", *_reached(here), ""]
        gains = _gains(here, base)
        if gains:
            said += [f"Against the variant `{base}` on the same tasks, with 95 % intervals and exact tests:", "", *gains, ""]
        failures = _failures(here)
        if failures:
            said += ["Not accepted, by the first class of failure that holds:", "", *failures, ""]
        said += ["Each task:", "", *_each(here), ""]
    return [*said, "Made of:", "", *_sources(records)] if said else ["No results."]


def put(page, text):
    """Puts `text` into its place in `page`."""
    page = pathlib.Path(page)
    old = page.read_text(encoding="utf-8")
    if old.count(BEGIN) != 1 or old.count(END) != 1 or old.index(BEGIN) > old.index(END):
        sys.exit(f"solve: {page}: there is not one place {BEGIN} … {END}")
    new = re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: f"{BEGIN}\n{text}\n{END}", old, flags=re.DOTALL)
    page.write_text(new, encoding="utf-8")

"""Two files of results, task by task. Pure."""
from . import figures, totals


class Pairs:
    """How A and B did on the tasks that both have, as one measure sees it. With several runs a task, the cells hold
    the shares of all pairs of runs, and the test looks at which of the two holds more often on a task."""

    def __init__(self, a, b, holds):
        tasks_a, tasks_b = totals.by_task(a), totals.by_task(b)
        self.both = self.only_a = self.only_b = self.neither = 0.0
        self.more_a = self.more_b = 0
        for name in sorted(set(tasks_a) & set(tasks_b)):
            in_a, in_b = totals.share(tasks_a[name], holds), totals.share(tasks_b[name], holds)
            self.both += in_a * in_b
            self.only_a += in_a * (1 - in_b)
            self.only_b += (1 - in_a) * in_b
            self.neither += (1 - in_a) * (1 - in_b)
            self.more_a += in_a > in_b
            self.more_b += in_b > in_a
        self.p = figures.sign_test(self.more_a, self.more_b)
        self.difference, self.low, self.high = figures.paired_difference(self.both, self.only_a, self.only_b, self.neither)

    def gain(self):
        """B less A, in points of a hundred, with its interval."""
        return f"{100 * self.difference:+.0f} ({100 * self.low:+.0f} to {100 * self.high:+.0f})"


def comparable(a, b):
    """The results of tasks that both records hold in the same state, and what is left out, in words."""
    digests = [{it["task"]: it["digest"] for it in record["results"]} for record in (a, b)]
    shared = {name for name in digests[0] if digests[1].get(name) == digests[0][name]}
    out = []
    for name in sorted(set(digests[0]) | set(digests[1])):
        if name not in shared:
            where = "changed between the two" if name in digests[0] and name in digests[1] else (
                "only in A" if name in digests[0] else "only in B")
            out.append(f"{name} is left out: {where}")
    pick = [[it for it in record["results"] if it["task"] in shared] for record in (a, b)]
    return pick[0], pick[1], out


def _cell(results):
    if len(results) > 1:
        return f"{sum(map(totals.accepted, results))} of {len(results)} runs"
    one = results[0]
    return "accepted" if one["accepted"] else f"{one['request']}, {one['classes'][0] if one['classes'] else '?'}"


def _title(record):
    setup = record["setup"]
    return f"{setup['model']['name']}, {setup['variant']['name']}, {setup['worker']['version']}, {setup['date'][:10]}"


def lines(a, b):
    """The comparison as it is printed."""
    said = [f"A: {_title(a)}", f"B: {_title(b)}"]
    differs = [name for name in ("machine", "worker", "model") if a["setup"].get(name) != b["setup"].get(name)]
    if differs:
        said.append(f"not the same: {', '.join(differs)}")
    in_a, in_b, out = comparable(a, b)
    said += out
    if not in_a:
        return [*said, "no task in common"]
    tasks_a, tasks_b = totals.by_task(in_a), totals.by_task(in_b)
    said += ["", f"{'task':<24} {'A':<34} B"]
    for name in tasks_a:
        in_both = [totals.share(it, totals.accepted) for it in (tasks_a[name], tasks_b[name])]
        mark = ">" if in_both[0] > in_both[1] else "<" if in_both[0] < in_both[1] else " "
        said.append(f"{name:<24} {_cell(tasks_a[name]):<32} {mark} {_cell(tasks_b[name])}")
    for title, holds in (("accepted", totals.accepted), ("ready, but refused", totals.ready_but_refused)):
        pairs = Pairs(in_a, in_b, holds)
        cells = [f"{it:.2f}".rstrip("0").rstrip(".") for it in (pairs.both, pairs.only_a, pairs.only_b, pairs.neither)]
        said += ["", f"{title}: both {cells[0]}, only A {cells[1]}, only B {cells[2]}, neither {cells[3]}",
                 f"  B less A: {pairs.gain()} points, 95 % interval; exact p = {pairs.p:.3f}"]
    said.append("")
    for title, value, how in (("model calls per task", lambda it: it["calls"], figures.mean),
                              ("tokens per task", totals.tokens, figures.mean),
                              ("seconds, median", lambda it: it["seconds"], figures.median)):
        means = [how([value(it) for it in results]) for results in (in_a, in_b)]
        said.append(f"{title:<24} A {means[0]:.1f}   B {means[1]:.1f}")
    return said

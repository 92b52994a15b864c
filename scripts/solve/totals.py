"""What many results say together. Pure."""
from . import figures


def by_task(results):
    """Task to its results, in the order of the names."""
    tasks = {}
    for it in sorted(results, key=lambda it: (it["task"], it["run"])):
        tasks.setdefault(it["task"], []).append(it)
    return tasks


def share(results, holds):
    return figures.mean(1.0 if holds(it) else 0.0 for it in results)


def accepted(result):
    return bool(result["accepted"])


def ready_but_refused(result):
    return result["request"] == "ready" and not result["accepted"]


def breaks(result):
    return ready_but_refused(result) and result.get("existing") is False


class Count:
    """A share of tasks with its interval. Several runs of one task count as one task that holds in part: they are not
    independent, so the interval is that of the number of tasks."""

    def __init__(self, results, holds):
        tasks = by_task(results)
        self.of = len(tasks)
        self.count = sum(share(it, holds) for it in tasks.values())
        self.low, self.high = figures.wilson(self.count, self.of)

    def __str__(self):
        count = f"{self.count:.2f}".rstrip("0").rstrip(".")
        percent = 100 * self.count / self.of if self.of else 0
        return f"{count} of {self.of} ({percent:.0f} %, 95 %: {100 * self.low:.0f} to {100 * self.high:.0f} %)"


def tokens(result):
    return result["tokens_read"] + result["tokens_written"]


def classes(results):
    """How often each class of failure was the first one, the most frequent first."""
    counts = {}
    for it in results:
        for name in it["classes"][:1]:
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts.items(), key=lambda it: (-it[1], it[0]))


def lines(results):
    """The totals as a run prints them."""
    if not results:
        return ["no result"]
    ready = [it for it in results if it["request"] == "ready"]
    draft = [it for it in results if it["request"] == "draft"]
    none = len(results) - len(ready) - len(draft)
    refused = [it for it in results if ready_but_refused(it)]
    found = classes(results)
    return [
        f"accepted                {Count(results, accepted)}",
        f"ready, but refused      {Count(results, ready_but_refused)}; {sum(map(breaks, refused))} of them break what worked",
        f"pull requests           {len(ready)} ready ({sum(map(accepted, ready))} accepted), "
        f"{len(draft)} draft ({sum(map(accepted, draft))} accepted), {none} none",
        f"model calls per task    {figures.mean(it['calls'] for it in results):.1f}",
        f"tokens per task         {figures.mean(map(tokens, results)):.0f}",
        f"seconds, median         {figures.median([it['seconds'] for it in results]):.0f}",
        *([f"not accepted because    {', '.join(f'{name} {count}' for name, count in found)}"] if found else []),
    ]

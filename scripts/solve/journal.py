"""Reads a job's journal (`codingworker job ID --json`). Pure. Events that it does not know are kept as they are."""

MOST_TEXT = 2000  # characters of any one text that is kept
NOT_KEPT = {"inspected", "told", "labelled", "closed"}  # the issue itself, and what people were told


class NotAResult(Exception):
    """Something that is not the worker's doing came between: says what. The task is run again the next time."""


def events(job, name):
    """What the events of this name say, in order."""
    return [it["event"].get("of") for it in job["records"] if it["event"].get("event") == name]


def kept(job):
    """The journal for the record: every turn with all that was written down about it, texts cut."""
    return [_cut(it) for it in job["records"] if it["event"].get("event") not in NOT_KEPT]


def _cut(value):
    if isinstance(value, str) and len(value) > MOST_TEXT:
        return f"{value[:MOST_TEXT // 2]} [...] {value[-MOST_TEXT // 2:]}"
    if isinstance(value, list):
        return [_cut(it) for it in value]
    if isinstance(value, dict):
        return {key: _cut(it) for key, it in value.items()}
    return value


def ending(job):
    """How the job ended, in the journal's word.

    Raises `NotAResult` when it did not end, or a fault ended it."""
    ended = events(job, "ended")
    if events(job, "cancelled"):
        raise NotAResult("the job was cancelled")
    if not ended:
        raise NotAResult(f"the job did not end: it is {job.get('state', 'in no state')}")
    kind = ended[-1].get("kind", "")
    if kind == "broke":
        raise NotAResult(f"a fault ended it: {ended[-1].get('message', '')}")
    if kind in ("cancelled", "joined"):
        raise NotAResult(f"the job was {kind}")
    return kind


def cost(job):
    """Calls of the model, and its tokens, of all events that tell of any."""
    calls = read = written = 0
    for record in job["records"]:
        of = record["event"].get("of")
        if isinstance(of, dict) and isinstance(of.get("calls"), int):
            calls += of["calls"]
            tokens = of.get("tokens") or {}
            read += tokens.get("read", 0)
            written += tokens.get("written", 0)
    return {"calls": calls, "tokens_read": read, "tokens_written": written}


def checks(job):
    """(green, red): whether the checks of what was made say nothing new against it, and which is newly red. None: none
    ran on it."""
    verdicts = events(job, "verified")
    commits = [it.get("tree") for it in events(job, "committed")]
    if commits:
        verdicts = [it for it in verdicts if it.get("tree") == commits[-1]] or verdicts
    if not verdicts:
        return None, None
    complaint = verdicts[-1].get("complaint")
    return complaint is None, (complaint or {}).get("check")


def answer(job):
    """(kind, reason) of the last turn that was asked for the work itself. ("", ""): there was none."""
    turns = [it for it in events(job, "attempted") if (it.get("request") or {}).get("kind") != "cover"]
    outcome = (turns[-1].get("outcome") or {}) if turns else {}
    return outcome.get("kind", ""), outcome.get("reason") or ""


def changes(job):
    """Path to kind of what the last turn left behind."""
    turns = events(job, "attempted")
    return {it["path"]: it["kind"] for it in (turns[-1].get("files") or [])} if turns else {}


def why(job, kind):
    """In the worker's own words, why it did not come further; empty when it says nothing."""
    ended = (events(job, "ended") or [{}])[-1]
    said = ended.get("reason") or "; ".join(ended.get("of") or [] if kind == "stopped" else [])
    reason = answer(job)[1]
    complaints = [it.get("complaint") for it in events(job, "verified")]
    if not said and complaints and complaints[-1]:
        red = complaints[-1]
        said = red.get("reason") or f"the {red.get('check')} `{red.get('command')}` fails"
    return said or reason or job.get("outcome") or ""

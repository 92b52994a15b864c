"""Why a task was not solved, by program. Pure: all that was looked at is in `Facts`.

The names and their order are those of the reports. A result has the first one that holds; the others that hold too
stand beside it.
"""
import re

NO_CHANGE = "no change"
TIMED_OUT = "timed out"
REFUSED = "refused"
MALFORMED = "malformed answer"
TRUNCATED = "truncated"
INVENTED_FILE = "invented file"
WRONG_FILE = "wrong file"
DOES_NOT_PARSE = "does not parse"
LOST_DEFINITION = "lost a definition"
BROKE_TEST = "broke an existing test"
WRONG_LOGIC = "wrong logic"

CLASSES = (REFUSED, TIMED_OUT, NO_CHANGE, MALFORMED, TRUNCATED, INVENTED_FILE, WRONG_FILE, DOES_NOT_PARSE,
           LOST_DEFINITION, BROKE_TEST, WRONG_LOGIC)

# What the worker's guards say of an answer that they undo, the telling words of each sentence.
REASONS = (
    (r"no longer has", LOST_DEFINITION),
    (r"only added new files|nothing uses them", INVENTED_FILE),
    (r"code was left out|ends in the middle|reached the length|cut off|is empty now", TRUNCATED),
    (r"line ```|of an edit or a merge|sentence in it that is not code|no code|not in the form", MALFORMED),
    (r"does not (parse|compile)|syntax error|is not closed", DOES_NOT_PARSE),
)
OUTCOMES = {"no_change": NO_CHANGE, "format_failure": MALFORMED, "timed_out": TIMED_OUT}

_TEST = re.compile(r"(^|/)(tests?|__tests__|spec)/|(^|/)test_[^/]*$|[._-](test|spec)s?\.[A-Za-z]+$|(^|/)tests?\.[a-z]+$")


def is_test(path):
    return bool(_TEST.search(path))


class Facts:
    """What is known about a result that was not accepted.

    `changes`     path to "added", "changed" or "removed", of what was pushed
    `to_touch`    the files that a solution touches, as the task says
    `unparsable`  changed files that do not parse, and did before where they were there
    `lost`        definitions that are gone
    `build_red`   the project's build check is red that was green before
    `existing`    whether the tests that passed before still do; None: nobody looked
    `pushed`      whether anything was
    `ending`      how the job ended, in the journal's word
    `answer`      what came of the last turn, in the journal's word, and `reason` in the worker's words
    `tests_red`   a test check is newly red in the end
    """

    def __init__(self, changes=None, to_touch=(), unparsable=(), lost=(), build_red=False, existing=None, pushed=False,
                 ending="", answer="", reason="", tests_red=False):
        self.changes, self.to_touch = dict(changes or {}), set(to_touch)
        self.unparsable, self.lost = list(unparsable), list(lost)
        self.build_red, self.existing, self.pushed = build_red, existing, pushed
        self.ending, self.answer, self.reason, self.tests_red = ending, answer, reason, tests_red


def classes(facts):
    """All that hold, in the order of CLASSES; never empty."""
    found = _of_tree(facts) if facts.pushed else _of_journal(facts)
    return [it for it in CLASSES if it in found] or [WRONG_LOGIC]


def _of_tree(facts):
    if not facts.changes:
        return {NO_CHANGE}
    found = set(_of_place(facts))
    if facts.unparsable or facts.build_red:
        found.add(DOES_NOT_PARSE)
    if facts.lost:
        found.add(LOST_DEFINITION)
    if facts.existing is False:
        found.add(BROKE_TEST)
    return found


def _of_place(facts):
    """Whether it is beside the point: nothing that a solution touches was touched."""
    if not facts.to_touch or facts.to_touch & set(facts.changes):
        return
    work = [kind for path, kind in facts.changes.items() if not is_test(path)]
    yield INVENTED_FILE if work and all(kind == "added" for kind in work) else WRONG_FILE


def _of_journal(facts):
    if facts.ending in ("refused", "stopped"):
        return {REFUSED}
    if facts.answer in OUTCOMES:
        return {OUTCOMES[facts.answer]}
    for words, name in REASONS:
        if re.search(words, facts.reason):
            return {name}
    if facts.answer == "truncated":
        return {TRUNCATED}
    if not facts.answer:
        return {NO_CHANGE}
    found = _of_tree(facts) - {NO_CHANGE}
    return found | ({BROKE_TEST} if facts.tests_red else set())

"""A job's journal, as the worker prints it."""
import unittest

from solve import journal


def job(*events, **more):
    return {"state": "failed", **more, "records": [{"at": 1, "took_ms": 2, "event": {"event": name, "of": of}}
                                                    for name, of in events]}


def turn(kind="edited", request="implement", **more):
    return "attempted", {"request": {"kind": request}, "outcome": {"kind": kind, **more}, "calls": 2,
                         "tokens": {"read": 10, "written": 3}, "files": [{"path": "a.py", "kind": "changed"}]}


class Endings(unittest.TestCase):
    def test_a_job_that_ended_says_how(self):
        self.assertEqual(journal.ending(job(("ended", {"kind": "incomplete"}))), "incomplete")

    def test_what_is_not_the_workers_doing_is_no_result(self):
        for it in (job(), job(("cancelled", None)), job(("ended", {"kind": "joined"})),
                   job(("ended", {"kind": "broke", "fault": "model_away", "message": "no model"}))):
            with self.assertRaises(journal.NotAResult):
                journal.ending(it)


class Readings(unittest.TestCase):
    def test_calls_and_tokens_are_those_of_every_event_that_tells_of_any(self):
        it = job(turn(), turn(), ("planned", {"calls": 1, "tokens": {"read": 5, "written": 1}}), ("verified", {"tree": "t"}))
        self.assertEqual(journal.cost(it), {"calls": 5, "tokens_read": 25, "tokens_written": 7})

    def test_the_checks_that_count_are_those_of_what_was_committed(self):
        red = {"tree": "t2", "complaint": {"kind": "red", "check": "test"}}
        it = job(("verified", {"tree": "t1", "complaint": None}), ("verified", red))
        self.assertEqual(journal.checks(it), (False, "test"))
        self.assertEqual(journal.checks(job(*[("verified", {"tree": "t1", "complaint": None}), ("verified", red),
                                              ("committed", {"tree": "t1"})])), (True, None))
        self.assertEqual(journal.checks(job()), (None, None))

    def test_the_last_turn_that_counts_is_not_that_of_the_tests(self):
        it = job(turn("truncated", reason="cut"), turn("no_change", "cover"))
        self.assertEqual(journal.answer(it), ("truncated", "cut"))

    def test_events_that_are_not_known_are_kept_and_long_texts_cut(self):
        kept = journal.kept(job(("told", {}), ("ranked", {"of": "x" * 9000})))
        self.assertEqual([it["event"]["event"] for it in kept], ["ranked"])
        self.assertLess(len(kept[0]["event"]["of"]["of"]), 2100)

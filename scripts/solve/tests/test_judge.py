"""The judge's own surroundings, and the ends of children."""
import os
import pathlib
import sys
import tempfile
import time
import unittest

from solve import child, judge, play, tasks
from solve.tests import double


class Judges(unittest.TestCase):
    def setUp(self):
        room = tempfile.TemporaryDirectory()
        self.addCleanup(room.cleanup)
        self.room = pathlib.Path(room.name).resolve()
        self.folder = double.task(self.room / "tuning", "t1")
        self.tree = self.room / "tree"
        self.tree.mkdir()

    def judged(self, script, sandbox):
        (self.folder / "accept.sh").write_text(script)
        it = judge.Judge()
        it.sandbox = it.sandbox and sandbox
        return it.judge(tasks.Task(self.folder), self.tree)

    def test_what_a_model_wrote_changes_nothing_and_reaches_nobody_while_it_is_judged(self):
        self.assertEqual(judge.Judge().sandbox, sys.platform == "linux", "is bubblewrap there?")
        if sys.platform != "linux":
            return  # It is Linux's; elsewhere the record says that the judge was native.
        mark = self.room / "mark"
        attack = f"echo x > {mark} || exit 7\n"
        self.assertTrue(self.judged(attack, sandbox=False)[0] and mark.exists(), "without the sandbox the attack works")
        mark.unlink()
        self.judged(attack, sandbox=True)
        self.assertFalse(mark.exists())
        self.assertFalse(self.judged(f"echo x > {self.tree}/mark\n", sandbox=True)[0])
        self.assertFalse(self.judged(f"echo x > {pathlib.Path(__file__).parent}/mark\n", sandbox=True)[0])
        with double.ollama() as server:
            call = f"import urllib.request as u; u.build_opener(u.ProxyHandler({{}})).open('{server.host}/api/version', timeout=9)"
            self.assertTrue(self.judged(f'{sys.executable} -c "{call}"\n', sandbox=False)[0])
            self.assertFalse(self.judged(f'{sys.executable} -c "{call}"\n', sandbox=True)[0])

    def test_the_judge_sees_nothing_of_the_workers_environment(self):
        os.environ["CODINGWORKER_SECRET"] = "seen"
        self.addCleanup(os.environ.pop, "CODINGWORKER_SECRET")
        self.assertTrue(self.judged('[ -z "${CODINGWORKER_SECRET:-}" ]\n', sandbox=True)[0])

    def test_the_worker_sees_nothing_of_the_judge(self):
        bare, _ = play.lay_out(tasks.Task(self.folder), self.room / "play")
        listed = child.run(["git", "-C", bare, "ls-tree", "-r", "--name-only", "main"], 60).output.split()
        self.assertEqual(listed, ["a.py", "test_a.py"])
        names = {it.name for it in (self.room / "play").rglob("*")}
        self.assertFalse(names & {"accept.sh", "reference.patch", "meta.json"}, names)

    def test_the_line_that_tells_is_the_last_error(self):
        self.assertEqual(judge.telling("x\nAssertionError: 3 != 2\n\nFAILED (failures=1)\n"), "AssertionError: 3 != 2")
        self.assertEqual(judge.telling(""), "")


class Children(unittest.TestCase):
    def test_a_child_that_takes_too_long_ends_with_all_that_it_started(self):
        began = time.monotonic()
        ended = child.run(["sh", "-c", "echo begun; sleep 601 & sleep 601"], 1)
        self.assertEqual((ended.code, ended.output), (None, "begun\n"))
        self.assertLess(time.monotonic() - began, 300)
        left = child.run(["ps", "-eo", "args"], 60).output.splitlines()
        self.assertNotIn("sleep 601", left)

    def test_one_that_says_too_much_is_kept_by_its_end(self):
        ended = child.run([sys.executable, "-c", "print('x' * 3_000_000); print('end')"], 60)
        self.assertTrue(ended.output.endswith("end\n"))
        self.assertLessEqual(len(ended.output), child.MAX_TAIL)

    def test_its_two_streams_can_be_kept_apart(self):
        ended = child.run(["sh", "-c", "echo out; echo err >&2; exit 3"], 60, apart=True)
        self.assertEqual((ended.code, ended.output, ended.errors), (3, "out\n", "err\n"))

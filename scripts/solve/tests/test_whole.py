"""Whole runs, with a worker that does what it is told; and one with the real worker."""
import contextlib
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from solve import cli, record
from solve.tests import double

ROOT = pathlib.Path(__file__).resolve().parents[3]
RIGHT = {"a.py": "def f():\n    return 2\n\n\ndef g():\n    return 3\n"}
READY = {"kind": "ready"}


class Whole(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.room = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.tasks, self.out = self.room / "tuning", self.room / "out.json"
        self.ollama = stack.enter_context(double.ollama())

    def worker(self, plan):
        return double.worker(self.room, plan)

    def solve(self, *words):
        """(exit code, what was printed)."""
        said = io.StringIO()
        binary = self.room / "codingworker"
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = cli.main(["--model", double.MODEL, "--host", self.ollama.host, "--tasks", str(self.tasks), "--out",
                             str(self.out), "--binary", str(binary), "--aider", str(binary), *words])
        return code, said.getvalue()

    def results(self):
        return {it["task"]: it for it in record.read(self.out)["results"]}

    def test_each_kind_of_end_is_judged_and_named(self):
        lost = {"a.py": "def f():\n    return 2\n"}
        plan = {
            "t1": {"files": RIGHT}, "t2": {"files": {"new.py": "x = 1\n"}}, "t3": {"files": lost, "draft": True},
            "t4": {"files": {"a.py": "def f(:\n"}}, "t5": {"files": {"a.py": RIGHT["a.py"].replace("2", "5")}},
            "t6": {"outcome": {"kind": "format_failure"}, "ended": {"kind": "nothing_to_change"}},
            "t7": {"files": {"a.py": RIGHT["a.py"].replace("3", "4")}}, "t8": {"files": {}}}
        self.worker(plan)
        for name in plan:
            double.task(self.tasks, name)
        code, said = self.solve()
        self.assertEqual(code, 0, said)
        found = {name: (it["accepted"], it["request"], it["classes"][:1]) for name, it in self.results().items()}
        self.assertEqual(found, {
            "t1": (True, "ready", []), "t2": (False, "ready", ["invented file"]),
            "t3": (False, "draft", ["lost a definition"]), "t4": (False, "ready", ["does not parse"]),
            "t5": (False, "ready", ["wrong logic"]), "t6": (False, "none", ["malformed answer"]),
            "t7": (False, "ready", ["broke an existing test"]), "t8": (False, "ready", ["no change"])})
        self.assertIn("accepted                1 of 8 (12 %", said)
        self.assertIn("f is not 2", self.results()["t5"]["why"])

    def test_a_run_goes_on_where_it_stopped(self):
        self.worker({"t1": {"files": RIGHT}, "t2": {"exit": 3}})
        for name in ("t1", "t2"):
            double.task(self.tasks, name)
        code, said = self.solve()
        self.assertEqual((code, set(self.results())), (1, {"t1"}), said)
        self.assertIn("not run   the worker left with 3", said)
        double.tell(self.room, {"t2": {"files": RIGHT}})
        code, said = self.solve()
        self.assertEqual((code, set(self.results())), (0, {"t1", "t2"}), said)
        self.assertEqual(double.played(self.room), ["t1", "t2", "t2"])
        self.assertIn("1 of 2 were done before and stand", said)

    def test_a_changed_task_or_binary_is_run_again_and_says_so(self):
        program = self.worker({"t1": {"files": RIGHT}, "t2": {"files": RIGHT}})
        for name in ("t1", "t2"):
            double.task(self.tasks, name)
        self.solve()
        (self.tasks / "t2/repo/README.md").write_text("new\n")
        _, said = self.solve()
        self.assertIn("t2 changed: it is run again", said)
        program.write_text(program.read_text() + "# another build\n")
        _, said = self.solve()
        self.assertIn("the worker's binary changed: 2 results are set aside and run again", said)
        self.assertEqual(double.played(self.room), ["t1", "t2", "t2", "t1", "t2"])

    def test_a_run_that_is_stopped_leaves_no_process_and_all_that_was_done(self):
        program = self.worker({"t1": {"files": RIGHT}, "t2": {"sleep": 600}})
        for name in ("t1", "t2"):
            double.task(self.tasks, name)
        run = subprocess.Popen(
            [sys.executable, str(ROOT / "scripts/solve"), "--model", double.MODEL, "--host", self.ollama.host, "--tasks",
             str(self.tasks), "--out", str(self.out), "--binary", str(program), "--aider", str(program)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(run.kill)
        end = time.monotonic() + 60
        while double.played(self.room) != ["t1", "t2"]:
            self.assertLess(time.monotonic(), end, "the second task was not begun")
            time.sleep(0.05)
        run.terminate()
        self.assertEqual(run.wait(60), 130)
        self.assertEqual(set(self.results()), {"t1"})
        left = subprocess.run(["ps", "-eo", "args"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertNotIn(str(program), left)
        double.tell(self.room, {"t2": {"files": RIGHT}})
        self.assertEqual(self.solve()[0], 0)
        self.assertEqual(double.played(self.room), ["t1", "t2", "t2"])

    def test_a_configuration_that_the_worker_refuses_is_wrong_usage(self):
        program = self.worker({})
        double.task(self.tasks, "t1")
        program.write_text(f"#!{sys.executable}\nimport sys; sys.exit('x.z: unknown key')\n")
        code, said = self.solve("--variant", "v:x.z=1")
        self.assertEqual(code, 2)
        self.assertIn("x.z: unknown key", said)

    def test_a_model_that_is_away_is_no_result(self):
        self.worker({"t1": {"files": RIGHT}})
        double.task(self.tasks, "t1")
        models, self.ollama.models = self.ollama.models, []
        self.assertEqual(self.solve()[0], 3)
        self.assertFalse(self.out.exists())
        self.ollama.models = models
        self.assertEqual(self.solve()[0], 0)

    def test_a_fault_that_ended_the_job_is_no_result(self):
        self.worker({"t1": {"ended": {"kind": "broke", "fault": "permanent", "message": "no space"}}})
        double.task(self.tasks, "t1")
        code, said = self.solve()
        self.assertEqual((code, self.results()), (1, {}), said)
        self.assertIn("no space", record.read(self.out)["failed"][0]["why"])

    def test_a_variant_reaches_the_worker_and_this_shells_words_do_not(self):
        self.worker({"t1": {"files": RIGHT}})
        double.task(self.tasks, "t1")
        os.environ.update(CODINGWORKER__X__Y="shell", CODINGWORKER_SECRET="seen")
        self.addCleanup(os.environ.pop, "CODINGWORKER__X__Y")
        self.addCleanup(os.environ.pop, "CODINGWORKER_SECRET")
        self.solve()
        setup = record.read(self.out)["setup"]
        self.assertEqual(setup["settings"]["x.y"], "")
        self.assertTrue(self.results()["t1"]["accepted"])
        self.out.unlink()
        self.solve("--variant", "v:x.y=1,seed={run}", "--runs", "2")
        setup = record.read(self.out)["setup"]
        self.assertEqual((setup["settings"]["x.y"], setup["seeds"]), ("1", {"aider.models.0.seed": 1}))
        self.assertEqual(len(record.read(self.out)["results"]), 2)

    def test_what_a_judge_of_the_kept_half_says_is_shown_to_nobody(self):
        self.tasks = self.room / "kept"
        self.worker({"k1": {"files": {"a.py": RIGHT["a.py"].replace("2", "5")}}})
        double.task(self.tasks, "k1")
        _, said = self.solve()
        self.assertNotIn("f is not 2", said + self.out.read_text())
        self.assertEqual(self.results()["k1"]["why"], "refused by the judge")

    def test_results_are_compared_and_reported(self):
        self.worker({"t1": {"files": RIGHT}, "t2": {"files": {"new.py": ""}}})
        for name in ("t1", "t2"):
            double.task(self.tasks, name)
        self.solve()
        first, self.out = self.out, self.room / "b.json"
        double.tell(self.room, {"t1": {"files": RIGHT}, "t2": {"files": RIGHT}})
        self.solve("--variant", "better:x.y=1")
        _, said = self.solve("--compare", str(first), str(self.out))
        self.assertIn("accepted: both 1, only A 0, only B 1, neither 0", said)
        page = self.room / "page.md"
        page.write_text("before\n<!-- solve -->\nSTALE\n<!-- /solve -->\nafter\n")
        self.solve("--report", str(first), str(self.out), "--write", str(page))
        text = page.read_text()
        self.assertTrue(text.startswith("before\n") and text.endswith("after\n") and "STALE" not in text, text)
        self.assertIn("| double | better | 1 | 2 of 2 (100 %", text)
        self.assertIn("| t2 | ready: invented file | **yes** |", text)
        self.assertIn("--variant 'better:x.y=1'", text)

    def test_a_folder_that_is_not_sound_is_told(self):
        good, bad = double.task(self.tasks, "good"), double.task(self.tasks, "bad")
        self.assertEqual(self.solve("--check", str(self.tasks))[0], 0)
        (bad / "accept.sh").write_text("exit 0\n")
        (good / "reference.patch").write_text("--- a/a.py\n+++ b/a.py\n@@ -1,1 +1,1 @@\n-def x():\n+def y():\n")
        code, said = self.solve("--check", str(self.tasks))
        self.assertEqual(code, 1)
        self.assertIn("bad: the judge accepts the untouched project", said)
        self.assertIn("good: reference.patch does not apply", said)


class Real(unittest.TestCase):
    def test_the_real_worker_solves_a_task_with_a_model_that_knows_the_answer(self):
        binary = pathlib.Path(os.environ.get("CODINGWORKER_TEST_BINARY", ROOT / "target/debug/codingworker"))
        tools = pathlib.Path(os.environ.get("CODINGWORKER_TEST_TOOLS", ROOT / ".tools"))
        with tempfile.TemporaryDirectory() as name, double.ollama(f"a.py\n```python\n{RIGHT['a.py']}```\n") as server:
            double.task(f"{name}/tuning", "t1")
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                code = cli.main(["--model", double.MODEL, "--host", server.host, "--tasks", f"{name}/tuning", "--out",
                                 f"{name}/out.json", "--binary", str(binary), "--aider", str(tools / "aider/bin/aider"),
                                 "--variant", "quick:verify.write_tests=false"])
            self.assertEqual(code, 0, said.getvalue())
            book = record.read(f"{name}/out.json")
        one = book["results"][0]
        self.assertTrue(one["accepted"], one)
        self.assertTrue(one["green"])
        self.assertEqual(one["changes"], {"a.py": "changed"})
        self.assertEqual((one["calls"], one["tokens_written"]), (1, 20))
        self.assertIn("def f():", one["log"])
        self.assertIn("verified", [it["event"]["event"] for it in one["journal"]])
        self.assertEqual(book["setup"]["settings"]["verify.write_tests"], False)

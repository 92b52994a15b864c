import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

from chores.cli import main


class Hidden(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "chores.json")

    def chores(self, *args):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["--file", self.path, *args])
        self.assertEqual((code, err.getvalue()), (0, ""), args)
        return out.getvalue()

    def nexts(self, count, id="1"):
        return [self.chores("done", id).replace("next: ", "").strip() for _ in range(count)]

    def test_monthly(self):
        self.chores("add", "Rent", "--due", "2026-01-31", "--every", "1m")
        self.assertEqual(self.nexts(5), ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"])
        self.assertIn("2026-06-30", self.chores("list"))

    def test_command(self):
        outs = []
        for args in (["add", "Rent", "--due", "2026-01-31", "--every", "1m"], ["done", "1"], ["done", "1"]):
            r = subprocess.run([sys.executable, "-m", "chores", "--file", self.path, *args], capture_output=True, text=True)
            outs.append((r.returncode, r.stdout, r.stderr))
        self.assertEqual(outs, [(0, "1\n", ""), (0, "next: 2026-02-28\n", ""), (0, "next: 2026-03-31\n", "")])

    def test_thirtieth_and_two_months(self):
        self.chores("add", "A", "--due", "2027-12-30", "--every", "m")
        self.chores("add", "B", "--due", "2026-12-31", "--every", "2m")
        self.assertEqual(self.nexts(3, "1"), ["2028-01-30", "2028-02-29", "2028-03-30"])
        self.assertEqual(self.nexts(4, "2"), ["2027-02-28", "2027-04-30", "2027-06-30", "2027-08-31"])

    def test_yearly(self):
        self.chores("add", "Leap", "--due", "2024-02-29", "--every", "1y")
        self.assertEqual(self.nexts(4), ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"])

    def test_ordinary_days(self):
        self.chores("add", "A", "--due", "2026-01-28", "--every", "1m")
        self.assertEqual(self.nexts(2), ["2026-02-28", "2026-03-28"])
        self.chores("add", "B", "--due", "2026-01-31", "--every", "1w")
        self.assertEqual(self.nexts(2, "2"), ["2026-02-07", "2026-02-14"])
        self.chores("add", "C", "--due", "2026-01-31", "--every", "30d")
        self.assertEqual(self.nexts(2, "3"), ["2026-03-02", "2026-04-01"])

    def days(self, *args):
        return [line.split(", ")[1] for line in self.chores("agenda", *args).splitlines() if not line.startswith(" ")]

    def test_agenda(self):
        self.chores("add", "Rent", "--due", "2026-01-31", "--every", "1m")
        want = ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]
        self.assertEqual(self.days("--from", "2026-02-01", "--until", "2026-06-01"), want)
        self.nexts(1)
        self.assertEqual(self.days("--from", "2026-02-01", "--until", "2026-06-01"), want)
        self.assertIn("2026-02-28", self.chores("list"))
        self.assertEqual(self.nexts(1), ["2026-03-31"])

    def test_old_file(self):
        with open(self.path, "w") as f:
            json.dump({"format": 1, "next_id": 3, "chores": [
                {"id": 1, "title": "Rent", "due": "2026-03-31", "every": "1m", "tags": [], "finished": False},
                {"id": 2, "title": "Fence", "due": None, "every": None, "tags": ["garden"], "finished": False},
            ], "log": [["2026-02-01", 1, "Rent"]]}, f)
        self.assertEqual(self.nexts(2), ["2026-04-30", "2026-05-31"])
        self.assertEqual(self.chores("done", "2"), "finished\n")

    def test_edit(self):
        self.chores("add", "Rent", "--due", "2026-01-31", "--every", "1m")
        self.nexts(1)
        self.chores("edit", "1", "--title", "The rent")
        self.assertEqual(self.nexts(1), ["2026-03-31"])
        self.chores("edit", "1", "--due", "2026-04-15")
        self.assertEqual(self.nexts(1), ["2026-05-15"])
        self.chores("edit", "1", "--due", "2026-05-31")
        self.assertEqual(self.nexts(2), ["2026-06-30", "2026-07-31"])

    def test_edit_in_the_short_month(self):
        self.chores("add", "Rent", "--due", "2026-01-31", "--every", "1m")
        self.nexts(1)
        self.chores("edit", "1", "--due", "2026-02-27")
        self.assertEqual(self.nexts(2), ["2026-03-27", "2026-04-27"])

    def test_due_date_given_later(self):
        self.chores("add", "Rent")
        self.chores("edit", "1", "--due", "2026-01-31", "--every", "1m")
        self.assertEqual(self.nexts(2), ["2026-02-28", "2026-03-31"])


if __name__ == "__main__":
    unittest.main()

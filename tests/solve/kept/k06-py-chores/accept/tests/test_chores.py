import contextlib
import datetime
import io
import os
import tempfile
import unittest

from chores import store
from chores.agenda import agenda_text
from chores.cli import main
from chores.dates import Repeat
from chores.errors import ChoreError
from chores.model import ChoreList

D = datetime.date


def example():
    chores = ChoreList()
    chores.add("Pay the rent", D(2026, 3, 1), Repeat(1, "m"), ["money"])
    chores.add("Water the plants", D(2026, 3, 2), Repeat(3, "d"))
    chores.add("Paint the fence")
    return chores


class ListTest(unittest.TestCase):
    def test_done(self):
        chores = example()
        self.assertEqual(chores.done(1, D(2026, 2, 28)).due, D(2026, 4, 1))
        self.assertTrue(chores.done(3, D(2026, 2, 28)).finished)
        with self.assertRaises(ChoreError):
            chores.done(3, D(2026, 3, 1))
        self.assertEqual([entry.title for entry in chores.log], ["Pay the rent", "Paint the fence"])

    def test_select(self):
        chores = example()
        self.assertEqual([c.id for c in chores.select()], [1, 2, 3])
        self.assertEqual([c.id for c in chores.select(tag="money")], [1])
        self.assertEqual([c.id for c in chores.select(search="the P")], [2])

    def test_wrong_edit_changes_nothing(self):
        chores = example()
        with self.assertRaises(ChoreError):
            chores.edit(1, title="Rent", due=None)
        self.assertEqual((chores.get(1).title, chores.get(1).due), ("Pay the rent", D(2026, 3, 1)))

    def test_ids_are_not_used_again(self):
        chores = example()
        chores.remove(3)
        self.assertEqual(chores.add("x").id, 4)


class AgendaTest(unittest.TestCase):
    def test_agenda(self):
        self.assertEqual(agenda_text(example().select(), D(2026, 3, 1), D(2026, 3, 6)).splitlines(), [
            "Sunday, 2026-03-01", "  - Pay the rent",
            "Monday, 2026-03-02", "  - Water the plants",
            "Thursday, 2026-03-05", "  - Water the plants",
        ])

    def test_nothing(self):
        self.assertEqual(agenda_text([], D(2026, 3, 1), D(2026, 3, 6)), "nothing to do")


class StoreTest(unittest.TestCase):
    def test_round_trip(self):
        chores = example()
        chores.done(1, D(2026, 3, 1))
        text = store.dumps(chores)
        self.assertEqual(store.dumps(store.loads(text)), text)


class CliTest(unittest.TestCase):
    def test_session(self):
        out = io.StringIO()
        with tempfile.TemporaryDirectory() as d, contextlib.redirect_stdout(out):
            path = os.path.join(d, "c.json")
            for args in (["add", "Rent", "--due", "2026-03-01", "--every", "m", "--tag", "money"], ["done", "1"], ["edit", "1", "--due", "2026-04-03"], ["add", "Fence"], ["done", "2"], ["list", "--all"]):
                self.assertEqual(main(["--file", path, *args]), 0)
        self.assertEqual(out.getvalue().splitlines(), [
            "1", "next: 2026-04-01", " 1  2026-04-03  Rent #money (every month)", "2", "finished",
            " 1  2026-04-03  Rent #money (every month)",
            " 2              Fence [done]",
        ])

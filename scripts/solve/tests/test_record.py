"""Files of results, and what a run may keep of one."""
import pathlib
import tempfile
import unittest

from solve import record, variant

SETUP = {"model": {"name": "m", "digest": "1"}, "variant": {"name": "base", "keys": {}, "models": {}},
         "worker": {"version": "1", "digest": "w"}, "settings": {"a": 1}, "date": "2026-01-01"}


def one(task, run=1, digest="d"):
    return {"task": task, "run": run, "digest": digest}


def book(*results):
    return {**record.fresh(SETUP), "results": list(results)}


class Resume(unittest.TestCase):
    def test_what_is_done_stands(self):
        kept, said = record.resume(book(one("a"), one("b")), SETUP, {"a": "d", "b": "d", "c": "d"})
        self.assertEqual((record.done(kept), said), ({("a", 1), ("b", 1)}, []))

    def test_a_changed_task_is_run_again_and_says_so(self):
        kept, said = record.resume(book(one("a"), one("b")), SETUP, {"a": "new", "b": "d"})
        self.assertEqual((record.done(kept), said), ({("b", 1)}, ["a changed: it is run again"]))
        self.assertEqual(kept["superseded"], [one("a")])

    def test_results_of_tasks_that_are_not_asked_for_stay(self):
        kept, _ = record.resume(book(one("a")), SETUP, {"b": "d"})
        self.assertEqual(record.done(kept), {("a", 1)})

    def test_another_binary_model_or_configuration_sets_all_aside_and_says_so(self):
        for key, value, words in (("worker", {"version": "1", "digest": "x"}, "the worker's binary"),
                                  ("model", {"name": "m", "digest": "2"}, "the model"),
                                  ("settings", {"a": 2}, "the resolved configuration")):
            kept, said = record.resume(book(one("a"), one("b")), {**SETUP, key: value}, {"a": "d"})
            self.assertEqual(record.done(kept), set())
            self.assertEqual(said, [f"{words} changed: 2 results are set aside and run again"])
            self.assertEqual(len(kept["superseded"]), 2)

    def test_a_file_of_another_variant_is_not_written_over(self):
        other = {**SETUP, "variant": {"name": "base", "keys": {"a.b": "1"}, "models": {}}}
        with self.assertRaisesRegex(record.BadRecord, "another --out"):
            record.resume(book(one("a")), other, {})


class Files(unittest.TestCase):
    def setUp(self):
        room = tempfile.TemporaryDirectory()
        self.addCleanup(room.cleanup)
        self.path = pathlib.Path(room.name, "deep", "a.json")

    def test_what_is_written_is_read_and_nothing_else_is_left(self):
        record.write(self.path, book(one("a")))
        self.assertEqual(record.read(self.path), book(one("a")))
        self.assertEqual([it.name for it in self.path.parent.iterdir()], ["a.json"])

    def test_what_cannot_be_written_leaves_the_old_file_whole(self):
        record.write(self.path, book(one("a")))
        with self.assertRaises(TypeError):
            record.write(self.path, {"format": 1, "results": [object()]})
        self.assertEqual(record.read(self.path), book(one("a")))
        self.assertEqual([it.name for it in self.path.parent.iterdir()], ["a.json"])

    def test_two_runs_do_not_write_one_file(self):
        with record.alone(self.path):
            with self.assertRaisesRegex(record.BadRecord, "another run"):
                with record.alone(self.path):
                    pass

    def test_a_file_that_is_no_record_is_named(self):
        self.path.parent.mkdir()
        for text in ("", "[]", '{"format": 99, "results": []}'):
            self.path.write_text(text)
            with self.assertRaisesRegex(record.BadRecord, "a.json"):
                record.read(self.path)


class Variants(unittest.TestCase):
    def test_keys_go_into_the_environment_and_those_of_models_into_the_file(self):
        it = variant.parse("v2:verify.max_fixes=0,edit_format=diff,aider.models.num_ctx=4096,aider.models.1.name=x/y")
        self.assertEqual(it.environment(), {"CODINGWORKER__VERIFY__MAX_FIXES": "0"})
        self.assertEqual(it.ladder({"name": "m", "num_ctx": 1}),
                         [{"name": "m", "num_ctx": 4096, "edit_format": "diff"}, {"name": "x/y"}])

    def test_lists_and_quoted_words_keep_their_commas(self):
        it = variant.parse('v:trust.repositories=["a/b","c/d"],aider.models.temperatures=[0, 0.6]')
        self.assertEqual(it.keys, {"trust.repositories": '["a/b","c/d"]'})
        self.assertEqual(it.ladder({"name": "m"}), [{"name": "m", "temperatures": [0, 0.6]}])

    def test_the_number_of_the_run_can_be_a_seed(self):
        it = variant.parse("v:agent.seed={run},seed={run}")
        self.assertEqual((it.environment(3), it.ladder({"name": "m"}, 3)),
                         ({"CODINGWORKER__AGENT__SEED": "3"}, [{"name": "m", "seed": 3}]))

    def test_what_cannot_be_meant_is_refused_with_the_word(self):
        for words in ("", ":a.b=1", "v:a.b", "v:A.B=1", "v:aider.models.1.2=3", "a b", "v:aider.models.99.name=x"):
            with self.assertRaises(variant.BadVariant, msg=words):
                variant.parse(words)
        with self.assertRaisesRegex(variant.BadVariant, "aider.models.1 has no name"):
            variant.parse("v:aider.models.1.num_ctx=1").ladder({"name": "m"})

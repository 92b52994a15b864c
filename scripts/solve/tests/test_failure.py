"""Why a task was not solved."""
import unittest

from solve import failure
from solve.failure import Facts, classes


def pushed(**more):
    return Facts(pushed=True, **{"changes": {"a.py": "changed"}, "to_touch": ["a.py"], "existing": True, **more})


class OfWhatWasPushed(unittest.TestCase):
    def test_the_right_file_that_parses_and_breaks_nothing_has_wrong_logic(self):
        self.assertEqual(classes(pushed()), [failure.WRONG_LOGIC])

    def test_a_new_file_beside_the_point_is_invented(self):
        self.assertEqual(classes(pushed(changes={"new.py": "added"})), [failure.INVENTED_FILE])

    def test_a_new_file_with_its_test_is_invented_and_one_beside_an_edit_is_a_wrong_file(self):
        both = {"new.py": "added", "tests/test_a.py": "changed"}
        self.assertEqual(classes(pushed(changes=both)), [failure.INVENTED_FILE])
        self.assertEqual(classes(pushed(changes={**both, "b.py": "changed"})), [failure.WRONG_FILE])

    def test_tests_alone_are_a_wrong_file(self):
        self.assertEqual(classes(pushed(changes={"tests/test_a.py": "added"})), [failure.WRONG_FILE])

    def test_one_of_the_right_files_is_enough_to_be_at_the_right_place(self):
        found = classes(pushed(changes={"b.py": "changed", "junk.py": "added"}, to_touch=["a.py", "b.py"]))
        self.assertEqual(found, [failure.WRONG_LOGIC])

    def test_the_first_reason_comes_first_and_the_others_stand_beside_it(self):
        found = classes(pushed(unparsable=["a.py"], lost=["f"], existing=False))
        self.assertEqual(found, [failure.DOES_NOT_PARSE, failure.LOST_DEFINITION, failure.BROKE_TEST])

    def test_a_build_that_is_newly_red_counts_as_not_parsing(self):
        self.assertEqual(classes(pushed(build_red=True)), [failure.DOES_NOT_PARSE])

    def test_a_broken_test_is_told_only_when_somebody_looked(self):
        self.assertEqual(classes(pushed(existing=False)), [failure.BROKE_TEST])
        self.assertEqual(classes(pushed(existing=None)), [failure.WRONG_LOGIC])

    def test_a_branch_without_a_difference_is_no_change(self):
        self.assertEqual(classes(pushed(changes={})), [failure.NO_CHANGE])

    def test_a_task_that_does_not_say_which_files_is_never_at_the_wrong_one(self):
        self.assertEqual(classes(pushed(to_touch=[])), [failure.WRONG_LOGIC])


class OfTheJournalAlone(unittest.TestCase):
    def test_what_the_last_turn_was(self):
        for answer, name in (("no_change", failure.NO_CHANGE), ("format_failure", failure.MALFORMED),
                             ("timed_out", failure.TIMED_OUT), ("truncated", failure.TRUNCATED), ("", failure.NO_CHANGE)):
            self.assertEqual(classes(Facts(answer=answer)), [name], answer)

    def test_what_a_guard_said_tells_more_than_that_the_answer_was_undone(self):
        for reason, name in (
                ("`a.py` no longer has `f`, which the issue does not ask to remove.", failure.LOST_DEFINITION),
                ("`a.py` has the line \"# ...\" where code was left out.", failure.TRUNCATED),
                ("`a.py` ends in the middle: a bracket or a text is not closed.", failure.TRUNCATED),
                ("it reached the length that it may have", failure.TRUNCATED),
                ("`a.py` has a line ``` in it, which is not code.", failure.MALFORMED),
                ("`a.py` has a line `<<<<<<<` of an edit or a merge in it.", failure.MALFORMED),
                ("`a.py` does not parse: line 3", failure.DOES_NOT_PARSE),
                ("You only added new files, and nothing uses them.", failure.INVENTED_FILE)):
            self.assertEqual(classes(Facts(answer="truncated", reason=reason)), [name], reason)

    def test_a_job_that_was_refused_or_stopped_is_refused(self):
        for ending in ("refused", "stopped"):
            self.assertEqual(classes(Facts(ending=ending, answer="edited")), [failure.REFUSED])

    def test_an_edit_that_was_given_up_is_told_by_its_red_check_and_its_files(self):
        self.assertEqual(classes(Facts(answer="edited", changes={"a.py": "changed"}, tests_red=True)), [failure.BROKE_TEST])
        self.assertEqual(classes(Facts(answer="edited", changes={"b.py": "changed"}, to_touch=["a.py"])),
                         [failure.WRONG_FILE])


class Tests(unittest.TestCase):
    def test_files_of_tests_are_known_by_their_paths(self):
        for path in ("tests/a.py", "src/__tests__/a.js", "test_a.py", "a_test.go", "a.test.ts", "x/a.spec.js", "test.sh"):
            self.assertTrue(failure.is_test(path), path)
        for path in ("a.py", "latest.py", "contest/a.js", "src/attest.rs"):
            self.assertFalse(failure.is_test(path), path)

"""Intervals and exact tests, against values that others published or that can be counted by hand."""
import unittest

from solve import compare, figures, totals


def result(task, accepted, request="ready", run=1, **more):
    return {"task": task, "run": run, "accepted": accepted, "request": request, "digest": task, "half": "tuning",
            "classes": [] if accepted else ["wrong logic"], "calls": 2, "tokens_read": 100, "tokens_written": 20,
            "seconds": 10.0, "existing": None, **more}


class Figures(unittest.TestCase):
    def test_wilson_has_the_published_values(self):
        # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for count, of, low, high in ((81, 263, .2553, .3662), (15, 148, .0624, .1605), (0, 20, 0, .1611), (1, 29, .0061, .1718)):
            found = figures.wilson(count, of)
            self.assertAlmostEqual(found[0], low, 4)
            self.assertAlmostEqual(found[1], high, 4)

    def test_no_trial_tells_nothing(self):
        self.assertEqual(figures.wilson(0, 0), (0.0, 1.0))

    def test_the_sign_test_counts_as_one_does_by_hand(self):
        self.assertEqual(figures.sign_test(0, 0), 1.0)
        self.assertEqual(figures.sign_test(5, 0), 2 / 32)
        self.assertEqual(figures.sign_test(1, 4), figures.sign_test(4, 1))
        self.assertEqual(figures.sign_test(4, 1), 12 / 32)
        self.assertEqual(figures.sign_test(3, 3), 1.0)

    def test_a_paired_difference_turns_round_with_its_sides(self):
        there, back = figures.paired_difference(4, 1, 6, 25), figures.paired_difference(4, 6, 1, 25)
        self.assertAlmostEqual(there[0], 5 / 36)
        for one, other in zip(there, (back[0], back[2], back[1])):
            self.assertAlmostEqual(one, -other)
        self.assertTrue(there[1] < there[0] < there[2])

    def test_without_any_success_the_interval_is_that_of_two_single_shares(self):
        self.assertAlmostEqual(figures.paired_difference(0, 0, 0, 12)[2], figures.wilson(0, 12)[1])

    def test_the_median_is_in_the_middle(self):
        self.assertEqual([figures.median(it) for it in ([], [3, 1, 2], [4, 1, 2, 3])], [0.0, 2.0, 2.5])


class Totals(unittest.TestCase):
    def test_runs_of_one_task_are_one_task_that_holds_in_part(self):
        count = totals.Count([result("a", True), result("a", False, run=2), result("b", True)], totals.accepted)
        self.assertEqual((count.count, count.of), (1.5, 2))

    def test_only_a_ready_one_that_the_judge_refuses_is_a_wrong_pull_request(self):
        results = [result("a", False), result("b", False, "draft"), result("c", True), result("d", False, "none")]
        self.assertEqual([totals.ready_but_refused(it) for it in results], [True, False, False, False])
        text = "\n".join(totals.lines(results))
        self.assertIn("accepted                1 of 4 (25 %", text)
        self.assertIn("2 ready (1 accepted), 1 draft (0 accepted), 1 none", text)


class Compare(unittest.TestCase):
    def test_tasks_fall_into_four_cells(self):
        a = [result("a", True), result("b", True), result("c", False), result("d", False)]
        b = [result("a", True), result("b", False), result("c", True), result("d", False)]
        pairs = compare.Pairs(a, b, totals.accepted)
        self.assertEqual((pairs.both, pairs.only_a, pairs.only_b, pairs.neither, pairs.p), (1, 1, 1, 1, 1.0))

    def test_several_runs_are_compared_by_which_one_holds_more_often(self):
        a = [result("a", False, run=it) for it in (1, 2)]
        b = [result("a", True), result("a", False, run=2)]
        pairs = compare.Pairs(a, b, totals.accepted)
        self.assertEqual((pairs.only_b, pairs.neither, pairs.more_b, pairs.more_a), (0.5, 0.5, 1, 0))

    def test_a_task_that_changed_between_the_two_is_left_out_and_told(self):
        a, b = {"results": [result("a", True)]}, {"results": [result("a", True, digest="other"), result("b", True)]}
        left, right, out = compare.comparable(a, b)
        self.assertEqual((left, right), ([], []))
        self.assertEqual(out, ["a is left out: changed between the two", "b is left out: only in B"])

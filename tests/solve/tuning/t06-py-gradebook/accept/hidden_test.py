import json
import os
import subprocess
import sys
import tempfile
import unittest

from gradebook.course import CourseError, parse_course
from gradebook.grades import course_percent
from gradebook.report import class_table, export, stats_report, student_report
from gradebook.scores import parse_scores

HEAD = "student,category,task,points,max\n"


def course(drop):
    return parse_course("[course]\ntitle = P\n[category Homework]\nweight = 40\n" + (f"drop = {drop}\n" if drop is not None else "") + "[category Exam]\nweight = 60\n")


def homework(drop, *scores):
    c = course(drop)
    rows = "".join(f"Ada,Homework,S{i},{points},{maximum}\n" for i, (points, maximum) in enumerate(scores, 1))
    s = parse_scores(HEAD + rows, c)
    return round(course_percent(c, s, "Ada"), 4), [line.split(":")[0].strip() for line in student_report(c, s, "Ada").splitlines() if "(dropped)" in line]


ISSUE = HEAD + """Ada,Homework,Sheet 1,8,10
Ada,Homework,Sheet 2,,10
Ada,Homework,Sheet 3,-,10
Ada,Homework,Sheet 4,10,20
Ada,Exam,Final,51,60
Bob,Homework,Sheet 1,5,10
Bob,Homework,Sheet 2,10,10
"""


class Hidden(unittest.TestCase):
    def test_issue(self):
        c = course(1)
        s = parse_scores(ISSUE, c)
        self.assertEqual(student_report(c, s, "Ada").splitlines(), [
            "P: Ada", "", "Homework (40): 60.0 %", "  Sheet 1: 8/10", "  Sheet 2: 0/10 (dropped)", "  Sheet 3: -/10 (excused)", "  Sheet 4: 10/20",
            "", "Exam (60): 85.0 %", "  Final: 51/60", "", "Total: 75.0 % (passed)"])
        self.assertEqual([line.split() for line in class_table(c, s).splitlines()[2:]], [
            "Ada 60.0 % 85.0 % 75.0 % C".split(), "Bob 100.0 % n/a 100.0 % A".split()])
        self.assertEqual(stats_report(c, s).splitlines(), ["Homework: 80.0 %", "Exam: 85.0 %", "Course: mean 87.5 %, median 87.5 %"])
        self.assertEqual(json.loads(export(c, s))["grades"], {"Ada": {"percent": 75.0, "grade": "C"}, "Bob": {"percent": 100.0, "grade": "A"}})

    def test_percentage_not_points(self):
        self.assertEqual(homework(1, (9, 10), (10, 50), (4, 10)), (65.0, ["S2"]))

    def test_two(self):
        self.assertEqual(homework(2, (5, 10), (0, 10), (9, 10), (2, 10)), (70.0, ["S2", "S4"]))

    def test_ties(self):
        self.assertEqual(homework(1, (10, 10), (5, 10), (10, 20)), (66.6667, ["S2"]))
        self.assertEqual(homework(1, (10, 10), (10, 20), (5, 10)), (75.0, ["S2"]))
        self.assertEqual(homework(1, (7, 10), (7, 10), (7, 10)), (70.0, ["S1"]))

    def test_one_stays(self):
        self.assertEqual(homework(3, (5, 10), (8, 10)), (80.0, ["S1"]))
        self.assertEqual(homework(1, (5, 10)), (50.0, []))
        self.assertEqual(homework(2, ("-", 10), (5, 10), ("-", 10)), (50.0, []))

    def test_default(self):
        for drop in (None, 0):
            self.assertEqual(homework(drop, (5, 10), (0, 10)), (25.0, []))

    def test_errors(self):
        for bad in ("-1", "1.5", "one", ""):
            with self.subTest(bad=bad), self.assertRaises(CourseError) as caught:
                course(bad)
            self.assertEqual(caught.exception.number, 5)

    def test_command(self):
        with tempfile.TemporaryDirectory() as d:
            ini, scores = os.path.join(d, "c.ini"), os.path.join(d, "s.csv")
            with open(ini, "w") as f:
                f.write("[course]\ntitle = P\n[category Homework]\nweight = 40\ndrop = 1\n[category Exam]\nweight = 60\ndrop = 1\n")
            with open(scores, "w") as f:
                f.write(ISSUE)
            r = subprocess.run([sys.executable, "-m", "gradebook", ini, scores, "stats"], capture_output=True, text=True)
        self.assertEqual(r.stdout, "Homework: 80.0 %\nExam: 85.0 %\nCourse: mean 87.5 %, median 87.5 %\n")


if __name__ == "__main__":
    unittest.main()

import json
import unittest

from gradebook.course import parse_course
from gradebook.grades import course_percent, letter
from gradebook.report import class_table, export, stats_report, student_report
from gradebook.scores import ScoresError, parse_scores, students

COURSE = parse_course("[course]\ntitle = Physics\n[category Homework]\nweight = 40\n[category Exam]\nweight = 60\n")
SCORES = parse_scores("""student,category,task,points,max
Ada,Homework,Sheet 1,8,10
Ada,Homework,Sheet 2,,10
Ada,Homework,Sheet 3,-,10
Ada,Exam,Final,51,60
Bob,Homework,Sheet 1,9.5,10
""", COURSE)


class ScoresTest(unittest.TestCase):
    def test_students(self):
        self.assertEqual(students(SCORES), ["Ada", "Bob"])

    def test_bad_lines(self):
        head = "student,category,task,points,max\n"
        for text in ("", "a,b\n", head + "Ada,Lab,1,1,1", head + "Ada,Exam,1,1", head + "Ada,Exam,1,x,1", head + "Ada,Exam,1,-1,1", head + "Ada,Exam,1,1,0"):
            with self.subTest(text=text), self.assertRaises(ScoresError):
                parse_scores(text, COURSE)


class GradesTest(unittest.TestCase):
    def test_course_percent(self):
        self.assertAlmostEqual(course_percent(COURSE, SCORES, "Ada"), 67)
        self.assertAlmostEqual(course_percent(COURSE, SCORES, "Bob"), 95)
        self.assertIsNone(course_percent(COURSE, SCORES, "Eve"))

    def test_letter(self):
        self.assertEqual([letter(p) for p in (100, 90, 89.9, 60, 3)], ["A", "A", "B", "D", "F"])


class ReportTest(unittest.TestCase):
    def test_student(self):
        self.assertEqual(student_report(COURSE, SCORES, "Ada").splitlines(), [
            "Physics: Ada",
            "",
            "Homework (40): 40.0 %",
            "  Sheet 1: 8/10",
            "  Sheet 2: 0/10",
            "  Sheet 3: -/10 (excused)",
            "",
            "Exam (60): 85.0 %",
            "  Final: 51/60",
            "",
            "Total: 67.0 % (passed)",
        ])

    def test_table(self):
        self.assertEqual(class_table(COURSE, SCORES).splitlines()[2:], [
            "Ada          40.0 %      85.0 %    67.0 %  D",
            "Bob          95.0 %         n/a    95.0 %  A",
        ])

    def test_stats(self):
        self.assertEqual(stats_report(COURSE, SCORES).splitlines(), ["Homework: 67.5 %", "Exam: 85.0 %", "Course: mean 81.0 %, median 81.0 %"])

    def test_export(self):
        self.assertEqual(json.loads(export(COURSE, SCORES))["grades"]["Ada"], {"percent": 67.0, "grade": "D"})

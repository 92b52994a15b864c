import unittest

from gradebook.course import CourseError, parse_course


class CourseTest(unittest.TestCase):
    def test_parse(self):
        course = parse_course("[course]\ntitle = Physics 9b\n; note\n[category Home work]\nweight = 40\n[category Exam]\nweight=60")
        self.assertEqual((course.title, course.pass_mark), ("Physics 9b", 50))
        self.assertEqual([(c.name, c.weight) for c in course.categories], [("Home work", 40), ("Exam", 60)])

    def test_errors(self):
        for text, line in [
            ("x = 1", 1),
            ("[course]\nfoo = 1", 2),
            ("[category A]\nweight = heavy", 2),
            ("[category A]\nweight = 0", 2),
            ("[category A]\nweight = 1\nsize = 2", 3),
            ("[category A]\nweight = 1\n[category A]", 3),
            ("[category]", 1),
            ("[category A]", 0),
            ("[course]\npass = 40", 0),
        ]:
            with self.subTest(text=text), self.assertRaises(CourseError) as caught:
                parse_course(text)
            self.assertEqual(caught.exception.number, line, text)

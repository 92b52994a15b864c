import argparse
import sys

from . import report
from .course import CourseError, parse_course
from .scores import ScoresError, parse_scores, students


def build_parser():
    parser = argparse.ArgumentParser(prog="gradebook")
    parser.add_argument("course")
    parser.add_argument("scores")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("table", help="all students")
    student = commands.add_parser("student", help="all scores of one student")
    student.add_argument("name")
    commands.add_parser("stats", help="class averages")
    commands.add_parser("export", help="grades as JSON")
    return parser


def read(path):
    with open(path, encoding="utf-8-sig", newline="") as f:
        return f.read()


def main(argv=None):
    args = build_parser().parse_args(argv)
    try:
        course = parse_course(read(args.course))
        scores = parse_scores(read(args.scores), course)
    except (OSError, CourseError, ScoresError) as error:
        print(f"gradebook: {error}", file=sys.stderr)
        return 1
    if args.command == "table":
        print(report.class_table(course, scores))
    elif args.command == "student":
        if args.name not in students(scores):
            print(f"gradebook: no scores of {args.name}", file=sys.stderr)
            return 1
        print(report.student_report(course, scores, args.name))
    elif args.command == "stats":
        print(report.stats_report(course, scores))
    else:
        print(report.export(course, scores))
    return 0

"""What is printed."""

import json

from .grades import category_percent, course_percent, letter, passed
from .scores import select, students
from .stats import category_mean, overall


def percent_text(percent):
    return "n/a" if percent is None else f"{percent:.1f} %"


def number(value):
    return f"{value:g}"


def points_text(score):
    return f"{'-' if score.excused else number(score.points)}/{number(score.max)}"


def class_table(course, scores):
    names = students(scores)
    width = max([len(name) for name in names] + [len("student")])
    header = f"{'student':<{width}}" + "".join(f"  {c.name[:10]:>10}" for c in course.categories) + f"  {'total':>8}  grade"
    lines = [header, "-" * len(header)]
    for name in names:
        line = f"{name:<{width}}"
        for category in course.categories:
            line += f"  {percent_text(category_percent(select(scores, name, category.name))):>10}"
        total = course_percent(course, scores, name)
        line += f"  {percent_text(total):>8}  {'' if total is None else letter(total)}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def student_report(course, scores, student):
    lines = [f"{course.title}: {student}"]
    for category in course.categories:
        own = select(scores, student, category.name)
        lines.append("")
        lines.append(f"{category.name} ({number(category.weight)}): {percent_text(category_percent(own))}")
        for score in own:
            text = f"  {score.task}: {points_text(score)}"
            if score.excused:
                text += " (excused)"
            lines.append(text)
    total = course_percent(course, scores, student)
    lines.append("")
    result = "passed" if passed(course, total) else "not passed"
    lines.append(f"Total: {percent_text(total)} ({result})")
    return "\n".join(lines)


def stats_report(course, scores):
    lines = []
    for category in course.categories:
        lines.append(f"{category.name}: {percent_text(category_mean(category, scores))}")
    mean, median = overall(course, scores)
    lines.append(f"Course: mean {percent_text(mean)}, median {percent_text(median)}")
    return "\n".join(lines)


def export(course, scores):
    grades = {}
    for name in students(scores):
        total = course_percent(course, scores, name)
        grades[name] = None if total is None else {"percent": round(total, 1), "grade": letter(total)}
    return json.dumps({"course": course.title, "grades": grades}, indent=2, ensure_ascii=False)

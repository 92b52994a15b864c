"""From scores to grades."""

from .scores import select

LETTERS = [(90, "A"), (80, "B"), (70, "C"), (60, "D")]


def category_percent(scores):
    """The percentage of some scores of one category, None if none of them counts."""
    counted = [score for score in scores if not score.excused]
    if not counted:
        return None
    return 100 * sum(score.points for score in counted) / sum(score.max for score in counted)


def course_percent(course, scores, student):
    """The weighted percentage of the student, None without any scores."""
    total = 0.0
    weights = 0.0
    for category in course.categories:
        percent = category_percent(select(scores, student, category.name))
        if percent is None:
            continue
        total += category.weight * percent
        weights += category.weight
    return total / weights if weights else None


def letter(percent):
    for minimum, name in LETTERS:
        if percent >= minimum:
            return name
    return "F"


def passed(course, percent):
    return percent is not None and percent >= course.pass_mark

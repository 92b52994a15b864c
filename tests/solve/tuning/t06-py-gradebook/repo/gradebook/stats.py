"""Numbers about the class as a whole."""

from .grades import course_percent
from .scores import select, students


def mean(values):
    return sum(values) / len(values) if values else None


def median(values):
    if not values:
        return None
    values = sorted(values)
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return (values[middle - 1] + values[middle]) / 2


def category_mean(category, scores):
    """The mean of what the students have in this category."""
    percents = []
    for student in students(scores):
        points = maximum = 0.0
        for score in select(scores, student, category.name):
            if score.points is not None:
                points += score.points
                maximum += score.max
        if maximum:
            percents.append(100 * points / maximum)
    return mean(percents)


def overall(course, scores):
    """(mean, median) of the whole course."""
    percents = [course_percent(course, scores, student) for student in students(scores)]
    percents = [percent for percent in percents if percent is not None]
    return mean(percents), median(percents)

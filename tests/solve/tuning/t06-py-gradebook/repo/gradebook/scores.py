"""Reading scores.csv."""

import csv
import io
from dataclasses import dataclass
from typing import Optional

COLUMNS = ["student", "category", "task", "points", "max"]


class ScoresError(ValueError):
    pass


@dataclass
class Score:
    student: str
    category: str
    task: str
    points: Optional[float]  # None: excused
    max: float

    @property
    def excused(self):
        return self.points is None

    @property
    def percent(self):
        return None if self.excused else 100 * self.points / self.max


def parse_points(text):
    text = text.strip()
    if text == "-":
        return None
    if text == "":
        return 0.0
    points = float(text)
    if points < 0:
        raise ValueError("negative")
    return points


def parse_scores(text, course):
    reader = csv.reader(io.StringIO(text))
    header = [name.strip().lower() for name in next(reader, [])]
    if header != COLUMNS:
        raise ScoresError(f"scores: the first line must be {','.join(COLUMNS)}")
    scores = []
    for row in reader:
        if not row:
            continue
        if len(row) != len(COLUMNS):
            raise ScoresError(f"scores, line {reader.line_num}: {len(row)} columns instead of {len(COLUMNS)}")
        student, category, task = (field.strip() for field in row[:3])
        if not course.has_category(category):
            raise ScoresError(f"scores, line {reader.line_num}: unknown category {category}")
        try:
            points, maximum = parse_points(row[3]), float(row[4])
        except ValueError:
            raise ScoresError(f"scores, line {reader.line_num}: bad points") from None
        if maximum <= 0:
            raise ScoresError(f"scores, line {reader.line_num}: max must be greater than 0")
        scores.append(Score(student, category, task, points, maximum))
    return scores


def students(scores):
    return sorted({score.student for score in scores})


def select(scores, student, category=None):
    """The scores of one student (in one category), in the order of the file."""
    return [s for s in scores if s.student == student and (category is None or s.category == category)]

"""The description of a course: its categories and their weights."""

import re

SECTION = re.compile(r"^\[\s*(\w+)(?:\s+(.*?))?\s*\]$")


class CourseError(ValueError):
    def __init__(self, number, message):
        super().__init__(f"course file, line {number}: {message}" if number else f"course file: {message}")
        self.number = number


class Category:
    def __init__(self, name, weight=None):
        self.name = name
        self.weight = weight

    def __repr__(self):
        return f"Category({self.name!r}, weight={self.weight})"


class Course:
    def __init__(self, title="", pass_mark=50.0, categories=()):
        self.title = title
        self.pass_mark = pass_mark
        self.categories = list(categories)

    def category(self, name):
        for category in self.categories:
            if category.name == name:
                return category
        raise KeyError(name)

    def has_category(self, name):
        return any(category.name == name for category in self.categories)


def positive_number(text, number, key):
    try:
        value = float(text)
    except ValueError:
        raise CourseError(number, f"{key} must be a number, not {text!r}") from None
    if value <= 0:
        raise CourseError(number, f"{key} must be greater than 0")
    return value


def parse_course(text):
    course = Course()
    section = None
    category = None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith((";", "#")):
            continue
        match = SECTION.match(line)
        if match:
            section, name = match.groups()
            category = None
            if section == "category":
                if not name:
                    raise CourseError(number, "a category needs a name")
                if course.has_category(name):
                    raise CourseError(number, f"category {name} is there twice")
                category = Category(name)
                course.categories.append(category)
            elif section != "course":
                raise CourseError(number, f"unknown section {section}")
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            raise CourseError(number, "expected key = value")
        if section is None:
            raise CourseError(number, "key outside of a section")
        if section == "course":
            if key == "title":
                course.title = value
            elif key == "pass":
                course.pass_mark = positive_number(value, number, key)
            else:
                raise CourseError(number, f"unknown key {key}")
        elif key == "weight":
            category.weight = positive_number(value, number, key)
        else:
            raise CourseError(number, f"unknown key {key}")
    if not course.categories:
        raise CourseError(0, "no categories")
    for category in course.categories:
        if category.weight is None:
            raise CourseError(0, f"category {category.name} has no weight")
    return course

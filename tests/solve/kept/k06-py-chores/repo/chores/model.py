"""Chores and the list of them."""

import datetime
from dataclasses import dataclass, field
from typing import List, Optional

from .dates import Repeat, next_date
from .errors import ChoreError


@dataclass
class Chore:
    id: int
    title: str
    due: Optional[datetime.date] = None
    every: Optional[Repeat] = None
    tags: List[str] = field(default_factory=list)
    finished: bool = False

    def check(self):
        if not self.title.strip():
            raise ChoreError("a chore needs a title")
        if self.every and not self.due:
            raise ChoreError("a chore that repeats needs a due date")


@dataclass
class LogEntry:
    date: datetime.date
    id: int
    title: str


class ChoreList:
    def __init__(self):
        self.chores = []
        self.log = []
        self.next_id = 1

    def add(self, title, due=None, every=None, tags=()):
        chore = Chore(self.next_id, title.strip(), due, every, list(tags))
        chore.check()
        self.chores.append(chore)
        self.next_id += 1
        return chore

    def get(self, id):
        for chore in self.chores:
            if chore.id == id:
                return chore
        raise ChoreError(f"no chore {id}")

    def edit(self, id, **changes):
        """Change fields of a chore; nothing changes if the result is wrong."""
        chore = self.get(id)
        before = dict(vars(chore))
        for name, value in changes.items():
            setattr(chore, name, value)
        try:
            chore.check()
        except ChoreError:
            vars(chore).update(before)
            raise
        return chore

    def remove(self, id):
        self.chores.remove(self.get(id))

    def done(self, id, today):
        """Note that it was done; a chore that repeats moves to its next date."""
        chore = self.get(id)
        if chore.finished:
            raise ChoreError(f"chore {id} is finished already")
        self.log.append(LogEntry(today, chore.id, chore.title))
        if chore.every:
            chore.due = next_date(chore.due, chore.every)
        else:
            chore.finished = True
        return chore

    def select(self, finished=False, tag=None, search=None):
        """Chores by due date, those without one last."""
        found = []
        for chore in self.chores:
            if chore.finished and not finished:
                continue
            if tag is not None and tag not in chore.tags:
                continue
            if search is not None and search.lower() not in chore.title.lower():
                continue
            found.append(chore)
        return sorted(found, key=lambda chore: (chore.due or datetime.date.max, chore.id))

"""The chores as a JSON file."""

import datetime
import json
import os

from .dates import Repeat
from .errors import ChoreError
from .model import Chore, ChoreList, LogEntry

FORMAT = 1


def chore_to_json(chore):
    return {
        "id": chore.id,
        "title": chore.title,
        "due": chore.due.isoformat() if chore.due else None,
        "every": str(chore.every) if chore.every else None,
        "tags": chore.tags,
        "finished": chore.finished,
    }


def chore_from_json(data):
    return Chore(
        id=data["id"],
        title=data["title"],
        due=datetime.date.fromisoformat(data["due"]) if data.get("due") else None,
        every=Repeat.parse(data["every"]) if data.get("every") else None,
        tags=list(data.get("tags", [])),
        finished=bool(data.get("finished", False)),
    )


def dumps(chores):
    return json.dumps({
        "format": FORMAT,
        "next_id": chores.next_id,
        "chores": [chore_to_json(chore) for chore in chores.chores],
        "log": [[entry.date.isoformat(), entry.id, entry.title] for entry in chores.log],
    }, indent=1, ensure_ascii=False) + "\n"


def loads(text):
    data = json.loads(text)
    if data.get("format") != FORMAT:
        raise ChoreError(f"unknown format {data.get('format')}")
    chores = ChoreList()
    chores.next_id = data["next_id"]
    chores.chores = [chore_from_json(entry) for entry in data["chores"]]
    chores.log = [LogEntry(datetime.date.fromisoformat(date), id, title) for date, id, title in data["log"]]
    return chores


def load(path):
    try:
        with open(path, encoding="utf-8") as f:
            return loads(f.read())
    except FileNotFoundError:
        return ChoreList()
    except (KeyError, TypeError, ValueError) as error:
        raise ChoreError(f"{path} is damaged: {error}") from None


def save(chores, path):
    with open(path + "~", "w", encoding="utf-8") as f:
        f.write(dumps(chores))
    os.replace(path + "~", path)

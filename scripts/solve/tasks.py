"""Task folders: found, read, told from one another by their contents."""
import hashlib
import json
import pathlib

HALVES = ("tuning", "kept")


class Task:
    """One folder. `half` is the folder it lies in: `tuning`, `kept`, or another name for tasks from elsewhere."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.name, self.half = self.folder.name, self.folder.parent.name
        self.repo, self.accept = self.folder / "repo", self.folder / "accept.sh"
        self.issue = _read(self.folder / "issue.json")
        self.meta = _read(self.folder / "meta.json") if (self.folder / "meta.json").exists() else {}

    @property
    def kept(self):
        return self.half == "kept"

    @property
    def text(self):
        return f"{self.issue['title']}\n{self.issue['body']}"

    def digest(self):
        """Of all its files: names, whether they are executable, contents."""
        whole = hashlib.sha256()
        for path in sorted(it for it in self.folder.rglob("*") if it.is_file() and "__pycache__" not in it.parts):
            body = path.read_bytes()
            mode = "x" if path.stat().st_mode & 0o100 else "-"
            whole.update(f"{path.relative_to(self.folder).as_posix()}\0{mode}\0{len(body)}\0".encode())
            whole.update(body)
        return f"sha256:{whole.hexdigest()}"


class BadTask(Exception):
    """A folder that is no task: says which, and why."""


def _read(path):
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadTask(f"{path}: {error}") from None
    if not isinstance(value, dict):
        raise BadTask(f"{path}: expected an object")
    return value


def find(folders, only=()):
    """The tasks of `folders`, in the order of their names; only those named, if any are."""
    tasks = {}
    for folder in folders:
        found = sorted(pathlib.Path(folder).glob("*/issue.json"))
        if not found:
            raise BadTask(f"{folder}: no task in it; expected folders with an issue.json, as in tests/solve/tuning")
        for path in found:
            task = Task(path.parent)
            if not all(isinstance(task.issue.get(it), str) for it in ("title", "body")):
                raise BadTask(f"{path}: expected a title and a body")
            if tasks.setdefault(task.name, task).folder != task.folder:
                raise BadTask(f"{task.folder}: {tasks[task.name].folder} has the same name")
    missing = [it for it in only if it not in tasks]
    if missing:
        raise BadTask(f"no such task: {', '.join(missing)}")
    return [task for name, task in sorted(tasks.items()) if not only or name in only]

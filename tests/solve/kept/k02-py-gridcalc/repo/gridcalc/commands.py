"""The commands of scripts and of the prompt."""

from . import storage
from .errors import CommandError
from .refs import RefError
from .render import render
from .sheet import Sheet

COMMANDS = {}


def command(usage):
    name = usage.split()[0]

    def register(code):
        COMMANDS[name] = (usage, code)
        return code

    return register


class Session:
    def __init__(self, write=print):
        self.sheet = Sheet()
        self.write = write

    def execute(self, line):
        """Run one line; empty lines and lines with # do nothing."""
        line = line.strip()
        if not line or line.startswith("#"):
            return
        name, _, rest = line.partition(" ")
        if name not in COMMANDS:
            raise CommandError(f"unknown command: {name}")
        usage, code = COMMANDS[name]
        try:
            code(self, usage, rest.strip())
        except (RefError, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from None


def words(usage, text, least, most=None):
    parts = text.split()
    if not least <= len(parts) <= (most or least):
        raise CommandError(f"usage: {usage}")
    return parts


def whole(usage, text):
    if not text.isdigit() or int(text) < 1:
        raise CommandError(f"usage: {usage}")
    return int(text)


@command("set CELL INPUT")
def cmd_set(session, usage, rest):
    name, _, source = rest.partition(" ")
    if not name:
        raise CommandError(f"usage: {usage}")
    session.sheet.set(name, source)


@command("get CELL")
def cmd_get(session, usage, rest):
    session.write(session.sheet.shown(words(usage, rest, 1)[0]))


@command("formula CELL")
def cmd_formula(session, usage, rest):
    session.write(session.sheet.source(words(usage, rest, 1)[0]))


@command("clear AREA")
def cmd_clear(session, usage, rest):
    session.sheet.clear(words(usage, rest, 1)[0])


@command("copy AREA CELL")
def cmd_copy(session, usage, rest):
    session.sheet.copy(*words(usage, rest, 2))


@command("fill CELL AREA")
def cmd_fill(session, usage, rest):
    session.sheet.fill(*words(usage, rest, 2))


@command("insert-rows ROW [COUNT]")
def cmd_insert_rows(session, usage, rest):
    session.sheet.insert_rows(*(whole(usage, part) for part in words(usage, rest, 1, 2)))


@command("delete-rows ROW [COUNT]")
def cmd_delete_rows(session, usage, rest):
    session.sheet.delete_rows(*(whole(usage, part) for part in words(usage, rest, 1, 2)))


@command("print [formulas]")
def cmd_print(session, usage, rest):
    if rest not in ("", "formulas"):
        raise CommandError(f"usage: {usage}")
    session.write(render(session.sheet, rest == "formulas"))


@command("save FILE")
def cmd_save(session, usage, rest):
    path = words(usage, rest, 1)[0]
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(storage.to_csv(session.sheet) if path.endswith(".csv") else storage.dumps(session.sheet))


@command("load FILE")
def cmd_load(session, usage, rest):
    path = words(usage, rest, 1)[0]
    with open(path, encoding="utf-8", newline="") as f:
        text = f.read()
    session.sheet = storage.from_csv(text) if path.endswith(".csv") else storage.loads(text)


@command("help")
def cmd_help(session, usage, rest):
    for known, _ in COMMANDS.values():
        session.write(known)

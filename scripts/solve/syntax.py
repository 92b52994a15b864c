"""Does a changed file parse? By the language's own program, where it is there: nothing of the file is run."""
import ast
import json
import pathlib
import shutil

from . import child
from .definitions import language

LIMIT = 30  # seconds of one look


def parses(tree, path, env):
    """Whether `path` in `tree` parses. None: there is no program here that could say."""
    file = pathlib.Path(tree) / path
    if file.is_symlink() or not file.is_file():
        return None
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix == ".json":
        return _loads(json.loads, text)
    tongue = language(path, text)
    if tongue == "py":
        return _loads(ast.parse, text)
    command, fed = _command(tongue, file, text)
    if command is None or not shutil.which(command[0], path=env.get("PATH")):
        return None
    return child.run(command, LIMIT, env=env, cwd=tree, text=text if fed else None).ok


def _loads(read, text):
    try:
        read(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _command(tongue, file, text):
    """The command line, and whether it reads the text from its stdin."""
    name = str(file)
    if tongue == "js" and file.suffix in (".js", ".mjs", ".cjs", ""):
        return ["node", "--check", name], False
    if tongue == "sh":
        bash = file.suffix == ".bash" or "bash" in text.split("\n", 1)[0]
        return ["bash" if bash else "sh", "-n", name], False
    if tongue == "c" and file.suffix in (".c", ".h"):
        return ["cc", "-fsyntax-only", "-w", "-x", "c", "-I.", f"-I{file.parent}", "-Iinclude", "-Isrc", name], False
    if tongue == "rs":
        return ["rustfmt", "--edition", "2021", "--emit", "stdout"], True
    if tongue == "go":
        return ["gofmt", "-e", "-l"], True
    return None, False


def unparsable(before, after, changes, env):
    """Those of `changes` (path to kind) that do not parse in the tree `after`, and, where they were there, did in the
    tree `before`: what cannot be read here, such as a header that is missing, speaks against nobody."""
    return [path for path, kind in sorted(changes.items())
            if kind != "removed" and parses(after, path, env) is False
            and (kind == "added" or parses(before, path, env) is not False)]

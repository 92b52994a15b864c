"""Which names a source file defines, well enough to see one vanish. Pure; it stays silent about what it cannot read."""
import ast
import re

_NAME = r"(?P<name>[A-Za-z_$][\w$]*)"
_C_WORDS = {"if", "for", "while", "switch", "return", "sizeof", "else", "do", "case", "defined"}
_JS_WORDS = {"if", "for", "while", "switch", "catch", "function", "return", "with", "constructor"}

_JS = [
    rf"^[ \t]*(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s*\*?\s*{_NAME}",
    rf"^[ \t]*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?(?:class|interface|enum|type)\s+{_NAME}",
    rf"^(?:export\s+)?(?:const|let|var)\s+{_NAME}",
    rf"^[ \t]+(?:(?:public|private|protected|static|async|get|set)\s+)*\*?#?{_NAME}\s*\([^()\n]*\)[^;\n(){{}}]*\{{[ \t]*$",
]
_PATTERNS = {
    "js": _JS,
    "rs": [rf"\b(?:fn|struct|enum|trait|union|type|mod)\s+{_NAME}", rf"\b(?:const|static)\s+(?:mut\s+)?{_NAME}\s*:",
           rf"\bmacro_rules!\s*{_NAME}"],
    "c": [rf"^[A-Za-z_][\w\s*]*?\b{_NAME}\s*\([^;{{}}]*\)\s*\{{", rf"^\s*#\s*define\s+{_NAME}",
          rf"\b(?:struct|enum|union)\s+{_NAME}\s*\{{", rf"^\}}\s*{_NAME}\s*;"],
    "sh": [rf"^[ \t]*(?:function\s+)?{_NAME}\s*\(\s*\)", rf"^[ \t]*function\s+{_NAME}"],
    "go": [rf"^func\s+(?:\([^)]*\)\s*)?{_NAME}", rf"^type\s+{_NAME}"],
}
_SUFFIXES = {
    "js": "js", "mjs": "js", "cjs": "js", "jsx": "js", "ts": "js", "mts": "js", "cts": "js", "tsx": "js",
    "rs": "rs", "c": "c", "h": "c", "cc": "c", "cpp": "c", "hpp": "c", "sh": "sh", "bash": "sh", "go": "go", "py": "py",
}
_WORDS = {"c": _C_WORDS, "js": _JS_WORDS}


def language(path, text=""):
    """A short name for the language of a file: by its suffix, else by its first line. None: not one of ours."""
    base = path.rsplit("/", 1)[-1]
    if "." in base.lstrip("."):
        return _SUFFIXES.get(base.rsplit(".", 1)[-1].lower())
    first = text.split("\n", 1)[0]
    if not first.startswith("#!"):
        return None
    return next((it for it, words in (("py", "python"), ("sh", "sh"), ("js", "node")) if words in first), None)


def defined(path, text):
    """The names that a file defines, without what they are inside of. None: it cannot be told."""
    tongue = language(path, text)
    if tongue is None:
        return None
    if tongue == "py":
        return _python(text)
    names = set()
    for pattern in _PATTERNS[tongue]:
        names.update(it.group("name") for it in re.finditer(pattern, text, re.MULTILINE))
    return names - _WORDS.get(tongue, set())


def _python(text):
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {it.name for it in ast.walk(tree) if isinstance(it, kinds)}


def lost(before, after, issue):
    """Names that the files of `before` defined and those of `after` do not, and that the issue does not speak of. Both
    map a path to a text; only files that changed need to be there."""
    now = set()
    for path, text in after.items():
        now |= defined(path, text) or set()
    gone = set()
    for path, text in before.items():
        if path in after and defined(path, after[path]) is None:
            continue  # It does not parse now: that is told by another name.
        gone |= (defined(path, text) or set()) - now
    return sorted(it for it in gone if not re.search(rf"(?<![\w$]){re.escape(it)}(?![\w$])", issue))

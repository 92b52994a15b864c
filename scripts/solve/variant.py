"""A variant: a name, and what it sets in the worker's configuration. Pure."""
import json
import re

PREFIX = "CODINGWORKER__"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


class BadVariant(Exception):
    """What `--variant` says cannot be understood: why."""


class Variant:
    """`keys`: section.key to text, for the environment. `models`: for each rung of the ladder, its own keys."""

    def __init__(self, name, keys, models):
        self.name, self.keys, self.models = name, keys, models

    def environment(self, run=1):
        return {PREFIX + key.upper().replace(".", "__"): _of(value, run) for key, value in self.keys.items()}

    def ladder(self, first, run=1):
        """The entries of `aider.models`: `first` with what is set upon it, then the further ones."""
        rungs = [dict(first)] + [{} for _ in range(max(self.models, default=0))]
        for nth, keys in self.models.items():
            rungs[nth].update({key: _value(_of(value, run)) for key, value in keys.items()})
        for nth, rung in enumerate(rungs):
            if not rung.get("name"):
                raise BadVariant(f"aider.models.{nth} has no name: set aider.models.{nth}.name")
        return rungs

    def record(self):
        models = {str(nth): dict(keys) for nth, keys in sorted(self.models.items())}
        return {"name": self.name, "keys": dict(sorted(self.keys.items())), "models": models}


def parse(words):
    """`NAME[:KEY=VALUE,...]`. KEY is section.key; without a section, or as aider.models.KEY, a key of the first model;
    aider.models.N.KEY is one of the model N places further down the ladder. `{run}` in VALUE is the run's number."""
    name, _, rest = words.partition(":")
    if not NAME.fullmatch(name):
        raise BadVariant(f"`{name}` is no name for a variant: letters, digits, `.`, `_`, `+` and `-`")
    keys, models = {}, {}
    for pair in _split(rest):
        key, equals, value = pair.partition("=")
        key = key.strip()
        if not equals or not KEY.fullmatch(key):
            raise BadVariant(f"`{pair}`: expected KEY=VALUE, with a KEY like verify.max_fixes")
        parts = key.split(".")
        if len(parts) == 1 or parts[:2] == ["aider", "models"]:
            parts = parts[2:] if len(parts) > 1 else parts
            nth = int(parts.pop(0)) if len(parts) == 2 and parts[0].isdigit() else 0
            if len(parts) != 1 or parts[0].isdigit() or nth > 9:
                raise BadVariant(f"`{key}`: expected aider.models.KEY or aider.models.N.KEY, N at most 9")
            models.setdefault(nth, {})[parts[0]] = value
        else:
            keys[key] = value
    return Variant(name, keys, models)


def _split(text):
    """At commas, but not inside brackets or quotes."""
    parts, depth, quote, part = [], 0, "", ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "[{(":
            depth += 1
        elif letter in "]})":
            depth -= 1
        if letter == "," and depth <= 0 and not quote:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [it for it in [*parts, part] if it.strip()]


def _of(value, run):
    return value.replace("{run}", str(run))


def _value(text):
    """As YAML would read the plain cases: numbers, flags, lists; anything else is text."""
    try:
        return json.loads(text)
    except ValueError:
        return text

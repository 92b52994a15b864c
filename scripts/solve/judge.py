"""The hidden judge of a task. It runs after the worker's end, on a fresh clone, in an environment of its own.

What it runs was written by a model, so it gets no network, and can change nothing but its own folder, where the
machine has bubblewrap.
"""
import os
import pathlib
import shutil

from . import child

LIMIT = 300  # seconds of one judgement; each command of a judge has 120 s of its own
HANDED_ON = ("PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "PYENV_VERSION", "NVM_DIR")


def environment():
    """What the judge sees: where the programs are, and nothing of the worker's configuration."""
    env = {key: os.environ[key] for key in HANDED_ON if key in os.environ}
    return {**env, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}


class Judge:
    """`sandbox`: whether bubblewrap is around it."""

    def __init__(self):
        self.env = environment()
        self.sandbox = bool(shutil.which("bwrap")) and child.run(self._around([], []) + ["true"], 20).ok

    @staticmethod
    def _around(shown, own):
        words = ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
                 "--tmpfs", "/tmp"]
        for path in shown:
            words += ["--ro-bind", str(path), str(path)]
        for path in own:
            words += ["--bind", str(path), str(path)]
        return words

    def judge(self, task, tree, existing=False):
        """(ok, what it said): of the task's judge on `tree`; `existing`: only whether what passed before still does."""
        tree = pathlib.Path(tree).resolve()
        words = ["sh", str(task.accept), str(tree)] + (["--existing"] if existing else [])
        around = self._around([task.folder, tree], []) if self.sandbox else []
        ended = child.run([*around, *words], LIMIT, env=self.env)
        said = ended.output if ended.code is not None else f"{ended.output}\nthe judge was stopped after {LIMIT} s"
        return ended.ok, said


def telling(said):
    """The line of a judge's output that says the most, for people: the last error, else the last line."""
    lines = [it.strip() for it in said.splitlines() if it.strip()]
    for marks in (("Error:", "error:", "error[", "panicked", "stopped after", "assertion"),
                  ("Error", "FAIL", "not ok", "expected", "assert")):
        for line in reversed(lines):
            if any(it in line for it in marks):
                return line[:200]
    return lines[-1][:200] if lines else ""

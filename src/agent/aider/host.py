"""Imports Aider once, then forks a child for each run: the seconds that an import takes are paid
once for a job. Started by Aider's own interpreter, inside of the cage that Aider runs in.

    python [its options] host.py SCRIPT CONTROL [ADDRESS]

SCRIPT is Aider's, CONTROL a Unix socket that we connect to, and ADDRESS that of the bridge, which
takes the place of the words that stand for it. Over CONTROL goes one JSON object a line:

    from us   "ready"                            imported; with one thread, so that a fork is safe
              {"failed": why}                    no import, or no child: nothing was started
              "started"
              {"exit": code or -signal}          the child itself has ended
              "gone"                             and all that came of it
    to us     {"run": {"token", "cwd", "env", "args"}}
              {"signal": number}                 for the child and all that came of it

A run's output goes over a connection of its own to CONTROL, which begins with its token. When
CONTROL ends, so do we, and with us all that came of us.
"""

import sys

if sys.path and sys.path[0] == __file__.rpartition("/")[0]:
    # As it would be for the script, had it been started itself.
    sys.path[0] = sys.argv[1].rpartition("/")[0]

import ctypes
import gc
import json
import os
import select
import signal
import socket
import time

SCRIPT, CONTROL, ADDRESS = sys.argv[1], sys.argv[2], (sys.argv[3:] or [None])[0]
PLACEHOLDER = "{codingworker-bridge}"
MARKER = "CODINGWORKER_CHILD"
LARGEST = 4 << 20
# Seconds between SIGTERM and SIGKILL for what a child left behind.
GRACE = 2
# From Linux's prctl.h.
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36


def prctl(option, value):
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def connect():
    """A connection to CONTROL, however long its path is: the kernel takes 107 bytes."""
    folder, _, name = CONTROL.rpartition("/")
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        it = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        it.connect(f"/proc/self/fd/{descriptor}/{name}")
        return it
    finally:
        os.close(descriptor)


class Control:
    def __init__(self):
        self.socket = connect()
        self.buffer = b""

    def tell(self, what):
        self.socket.sendall(json.dumps(what).encode() + b"\n")

    def lines(self):
        """The lines that are there; waits for bytes. Raises EOFError at the end."""
        piece = self.socket.recv(1 << 16)
        if not piece or len(self.buffer) > LARGEST:
            raise EOFError
        *lines, self.buffer = (self.buffer + piece).split(b"\n")
        return [json.loads(line) for line in lines]


def load():
    """Aider with all that it would import by and by. Imported, no more: Aider takes a model's limits
    from elsewhere once it has used its litellm, so that is left to the run."""
    from aider.main import load_slow_imports

    load_slow_imports(swallow=False)
    for name in LATER:
        try:
            __import__(name)
        except ImportError:
            pass  # Another version's: it imports what it needs itself.


# What a run imports besides, measured with -X importtime.
LATER = (
    "httpcore",
    "litellm.litellm_core_utils.default_encoding",
    "litellm.litellm_core_utils.token_counter",
    "litellm.llms.ollama.chat.transformation",
)


def family():
    """All that came of us and lives, or waits to be reaped."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            children.setdefault(parent, []).append(int(name))
    found, todo = [], [os.getpid()]
    while todo:
        more = children.get(todo.pop(), [])
        found += more
        todo += more
    return found


def signal_all(number):
    for pid in family():
        try:
            os.kill(pid, number)
        except OSError:
            pass


def reap(leader):
    """Reaps what is dead; the leader's exit, if it was among them."""
    told = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return told
        if pid == 0:
            return told
        if pid == leader:
            told = os.waitstatus_to_exitcode(status)


def oversee(control, wake, leader):
    """Until the leader is reaped and nothing that came of it lives."""
    left, kill_at = False, None
    while True:
        wait = None if not left else 0.01
        ready, _, _ = select.select([control.socket, wake], [], [], wait)
        if wake in ready:
            os.read(wake, 4096)
        if control.socket in ready:
            for order in control.lines():
                number = order["signal"]
                signal_all(number)
                if number == signal.SIGTERM:
                    signal_all(signal.SIGCONT)
        status = reap(leader)
        if status is not None:
            control.tell({"exit": status})
            left, kill_at = True, time.monotonic() + GRACE
            signal_all(signal.SIGTERM)
            signal_all(signal.SIGCONT)
        if left:
            if time.monotonic() >= kill_at:
                signal_all(signal.SIGKILL)
            if not family():
                control.tell("gone")
                return


def become(run, output, control, pipes):
    """The forked child: what the interpreter would be, had it just been started for this run."""
    os.setsid()
    if ADDRESS:
        prctl(PR_SET_DUMPABLE, 1)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, source in enumerate([nothing, output.fileno(), output.fileno()]):
        os.dup2(source, number)
    os.close(nothing)
    output.close()
    control.socket.close()
    for pipe in pipes:
        os.close(pipe)
    if ADDRESS:
        run["args"] = [it.replace(PLACEHOLDER, ADDRESS) for it in run["args"]]
        run["env"] = {name: it.replace(PLACEHOLDER, ADDRESS) for name, it in run["env"].items()}
    os.environ.clear()
    os.environ.update(run["env"])
    os.chdir(run["cwd"])
    sys.argv = [SCRIPT, *run["args"]]


def serve():
    """Returns in a child alone."""
    control = Control()
    try:
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        if ADDRESS:
            # In a cage: its children are of the same user, and must not get into it. Outside of
            # one, the worker has to find it by its environment.
            prctl(PR_SET_DUMPABLE, 0)
        before = dict(os.environ)
        sys.argv = [SCRIPT]
        # Nothing that an import makes is garbage, and to look for some takes a fifth of its time.
        gc.disable()
        load()
        gc.enable()
        added = {name: it for name, it in os.environ.items() if before.get(name) != it}
        threads = os.listdir("/proc/self/task")
        if len(threads) > 1:
            raise RuntimeError(f"the import left {len(threads)} threads")
    except BaseException as error:
        control.tell({"failed": f"{type(error).__name__}: {error}"[:4096]})
        os._exit(1)
    pipes = os.pipe()
    for pipe in pipes:
        os.set_blocking(pipe, False)
    signal.set_wakeup_fd(pipes[1], warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # The children share these pages for as long as nobody counts what is in them.
    gc.collect()
    gc.freeze()
    control.tell("ready")
    while True:
        for order in control.lines():
            if "run" not in order:
                continue  # A signal that came too late.
            run = order["run"]
            # What the import sets, and what tells whose child it is.
            run["env"] |= added | {name: before[name] for name in [MARKER] if name in before}
            try:
                output = connect()
                output.sendall(run["token"].encode() + b"\n")
                output.shutdown(socket.SHUT_RD)
                pid = os.fork()
            except OSError as error:
                control.tell({"failed": str(error)})
                continue
            if pid == 0:
                try:
                    become(run, output, control, pipes)
                except BaseException as error:
                    os.write(2, f"it could not be started: {error}\n".encode())
                    os._exit(126)
                return
            output.close()
            control.tell("started")
            oversee(control, pipes[0], pid)


try:
    serve()
except (EOFError, OSError):
    signal_all(signal.SIGKILL)
    os._exit(0)

import runpy

runpy.run_path(SCRIPT, run_name="__main__")

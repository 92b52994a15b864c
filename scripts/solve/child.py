"""A child process in a group of its own: a limit, a bounded tail of what it says, and no survivors."""
import contextlib
import os
import signal
import subprocess
import threading

MAX_TAIL = 256 * 1024


class Ended:
    """How a child ended: `code` is None when its time was over. `output`: the end of both its streams, or of the first
    where they were kept `apart`, and `errors` that of the second."""

    def __init__(self, code, output, errors=""):
        self.code, self.output, self.errors = code, output, errors

    @property
    def ok(self):
        return self.code == 0


def _signal(child, number):
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _end(child, grace):
    """Asks first where `grace` (seconds) is given, then ends the whole group."""
    try:
        # The worker lets its work finish at the first, and puts it down at the second.
        for _ in range(2 if grace and child.poll() is None else 0):
            _signal(child, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(grace / 2)
                break
    finally:
        _signal(child, signal.SIGKILL)
        child.wait()


def _keep(stream, tail):
    with stream:
        while True:
            piece = stream.read1(65536)
            if not piece:
                return
            tail += piece
            del tail[:-MAX_TAIL]


def run(args, limit, env=None, cwd=None, grace=0, text=None, apart=False):
    """Runs `args` for at most `limit` seconds, with `text` on its stdin. `apart`: its two streams are."""
    child = subprocess.Popen(
        [str(it) for it in args], env=env, cwd=cwd, start_new_session=True,
        stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE if apart else subprocess.STDOUT)
    tails = [(it, bytearray()) for it in (child.stdout, child.stderr) if it]
    readers = [threading.Thread(target=_keep, args=it, daemon=True) for it in tails]
    for reader in readers:
        reader.start()
    if text is not None:
        threading.Thread(target=_feed, args=(child.stdin, text), daemon=True).start()
    code = None
    try:
        code = child.wait(limit)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _end(child, grace)
    for reader in readers:
        reader.join(10)  # Something that left the group may hold the pipe: it is not waited for longer.
    return Ended(code, *(bytes(tail).decode("utf-8", "replace") for _, tail in tails))


def _feed(stream, text):
    try:
        with stream:
            stream.write(text.encode("utf-8"))
    except OSError:
        pass

"""What the two that run on Python share: the words of queues.py's protocol, and the moments."""
import itertools
import os
import pathlib
import sys
import threading
import time

ROLE, ROOM = sys.argv[1], pathlib.Path(sys.argv[2])
JOBS, WARM_UP, WORKERS, PRODUCERS = map(int, sys.argv[3:7])
URL = os.environ.get("BENCH_URL", "")


def now():
    return time.monotonic_ns() // 1000


def write(name, moments):
    (ROOM / name).write_text("".join(f"{n} {at}\n" for n, at in moments))


def submit_some(one, numbers):
    numbers, begun, lock = iter(numbers), [], threading.Lock()

    def produce():
        while True:
            with lock:
                n = next(numbers, None)
            if n is None:
                return
            at = now()
            one(n)
            begun.append((n, at))

    threads = [threading.Thread(target=produce) for _ in range(PRODUCERS)]
    for it in itertools.chain((it.start for it in threads), (it.join for it in threads)):
        it()
    return begun


def submit(one):
    submit_some(one, range(JOBS, JOBS + WARM_UP))
    time.sleep(1)
    write("submitted", submit_some(one, range(JOBS)))


class Ends:
    def __init__(self):
        self.moments, self.seen, self.lock = [], set(), threading.Lock()

    def add(self, n):
        at = now()
        with self.lock:
            self.moments.append((n, at))
            self.seen.add(n)
            if len(self.seen) == JOBS + WARM_UP and len(self.moments) >= JOBS + WARM_UP:
                print("done", flush=True)

    def leave_with_stdin(self):
        """Writes everything down when nobody listens any more, and ends this process."""
        def wait():
            sys.stdin.buffer.read()
            write("finished", self.moments)
            os._exit(0)
        threading.Thread(target=wait, daemon=True).start()

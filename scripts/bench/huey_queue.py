"""Huey's part in queues.py: `work` or `submit` ROOM JOBS WARM_UP WORKERS PRODUCERS, SQLite in ROOM."""
import python_queues as bench
from huey import SqliteHuey, signals

# As durable as it can be: each transaction is flushed, and the result is kept.
huey = SqliteHuey("noop", filename=str(bench.ROOM / "huey.db"), fsync=True, journal_mode="wal", timeout=60)


@huey.task()
def noop(n):
    return True


def main():
    if bench.ROLE == "submit":
        return bench.submit(noop)
    ends = bench.Ends()
    huey.signal(signals.SIGNAL_COMPLETE)(lambda _, task, *rest: ends.add(task.args[0]))
    ends.leave_with_stdin()
    # It looks for work by asking again and again: as often as makes sense.
    consumer = huey.create_consumer(workers=bench.WORKERS, worker_type="thread", periodic=False, initial_delay=0.005,
                                    max_delay=0.05, check_worker_health=False)
    print("ready", flush=True)
    consumer.run()


main()

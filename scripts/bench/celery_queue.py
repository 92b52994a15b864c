"""Celery's part in queues.py: `work` or `submit` ROOM JOBS WARM_UP WORKERS PRODUCERS, Redis at BENCH_URL."""
import python_queues as bench
from celery import Celery, signals

app = Celery("noop", broker=bench.URL + "/0", backend=bench.URL + "/1")
app.conf.update(task_acks_late=True, task_ignore_result=False, worker_send_task_events=False,
                broker_pool_limit=bench.PRODUCERS, redis_max_connections=None, worker_hijack_root_logger=False, worker_redirect_stdouts=False,
                broker_connection_retry_on_startup=True)


@app.task(name="noop")
def noop(n):
    pass


def main():
    if bench.ROLE == "submit":
        return bench.submit(lambda n: noop.apply_async((n,)))
    ends = bench.Ends()
    # Comes when the result is stored, and a little before the message is acknowledged.
    signals.task_postrun.connect(lambda args=(), **_: ends.add(args[0]), weak=False)
    signals.worker_ready.connect(lambda **_: print("ready", flush=True), weak=False)
    ends.leave_with_stdin()
    app.worker_main(["worker", "--pool", "threads", "--concurrency", str(bench.WORKERS), "--loglevel", "ERROR",
                     "--without-gossip", "--without-mingle", "--without-heartbeat"])


main()

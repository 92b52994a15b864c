#!/usr/bin/env python3
"""An SQS emulator with the worker's queues, for docker-compose.yml's profile `full`.

usage: sqs-emulator.py           puts the emulator into /tmp, runs it, makes the queues
       sqs-emulator.py --check   whether the queue is there
"""
import json
import os
import subprocess
import sys
import time
import urllib.request

PACKAGE = "ministack==1.5.33"
PLACE = "/tmp/packages"
HERE = "http://127.0.0.1:4566"
QUEUE, DEAD = "codingworker", "codingworker-dlq"
START_LIMIT = 60


def ask(action, **words):
    """One call of SQS's JSON protocol."""
    request = urllib.request.Request(HERE, json.dumps(words).encode(), {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"AmazonSQS.{action}",
        "Authorization": "AWS4-HMAC-SHA256 Credential=emulator/20250101/ap-northeast-1/sqs/aws4_request",
    })
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def make_queues():
    ask("CreateQueue", QueueName=DEAD, Attributes={"MessageRetentionPeriod": "1209600"})
    dead = ask("GetQueueUrl", QueueName=DEAD)["QueueUrl"]
    arn = ask("GetQueueAttributes", QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    ask("CreateQueue", QueueName=QUEUE, Attributes={
        "VisibilityTimeout": "300",
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "3"})})


def main():
    if sys.argv[1:] == ["--check"]:
        try:
            print(ask("GetQueueUrl", QueueName=QUEUE)["QueueUrl"])
        except OSError as error:
            sys.exit(f"sqs-emulator: {QUEUE} is not there: {error}")
        return
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check",
                    "--target", PLACE, PACKAGE], check=True)
    emulator = subprocess.Popen(
        [sys.executable, "-c", "from ministack.app import main; main()"], cwd="/tmp",
        env={**os.environ, "PYTHONPATH": PLACE, "BIND_HOST": "0.0.0.0", "GATEWAY_PORT": "4566", "SERVICES": "sqs",
             "LOG_LEVEL": "WARNING", "MINISTACK_REGION": "ap-northeast-1"})
    end = time.monotonic() + START_LIMIT
    while True:
        try:
            make_queues()
            break
        except OSError as error:
            if emulator.poll() is not None or time.monotonic() > end:
                emulator.kill()
                sys.exit(f"sqs-emulator: it did not start: {error}")
            time.sleep(0.2)
    print(f"sqs-emulator: {QUEUE} and {DEAD} are there", flush=True)
    sys.exit(emulator.wait())


if __name__ == "__main__":
    main()

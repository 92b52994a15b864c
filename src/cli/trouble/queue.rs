//! The queue.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "queue-unavailable",
        says: &["the queue is busy or unreachable: …"],
        cause: "SQS does not answer, or the network is down. Of the embedded queue: its file is \
                held by another process.",
        remedy: "Look at the network and at the AWS region's health; the worker tries again by \
                 itself. `codingworker doctor` says what it sees.",
        told: false,
    },
    Trouble {
        id: "queue-refused",
        says: &["the queue refused: …"],
        cause: "The queue is there and says no: there is none of that name in that region, or \
                the credentials may not receive from it.",
        remedy: "Compare `sqs.queue_url` and `sqs.region` with the queue, and see who you are: \
                 `aws sts get-caller-identity`. The worker needs sqs:ReceiveMessage, \
                 DeleteMessage, ChangeMessageVisibility and GetQueueAttributes.",
        told: false,
    },
    Trouble {
        id: "queue-lease-lost",
        says: &["the lease ended before the delivery was settled"],
        cause: "The machine slept, or the clock jumped, for longer than \
                `sqs.visibility_timeout`: the queue gives the message out again.",
        remedy: "Nothing has to be done, as the same task is one job. If it happens often, raise \
                 `sqs.visibility_timeout`, or keep the machine awake.",
        told: false,
    },
    Trouble {
        id: "queue-not-buried",
        says: &["a message could not be buried"],
        cause: "A message that is no task could not be put into the dead letters, so it comes \
                again.",
        remedy: "Give the queue a dead-letter queue (infra/terraform does), and the worker the \
                 right to send to it.",
        told: false,
    },
    Trouble {
        id: "queue-not-a-task",
        says: &[
            "the message has … bytes; a task has at most …",
            "the message is no task: …",
            "the message is no task: missing field `…`",
            "`…` is …; it must be 1 or more",
            "… is no task: it has more than … bytes",
            "… is no task: it is not UTF-8 text",
        ],
        cause: "Whoever sent it writes another format. The worker puts it into the dead letters \
                and goes on.",
        remedy: "Compare it with docs/messages.md; `codingworker queue dead` shows it with \
                 the reason, and `codingworker queue redrive` sends it again.",
        told: false,
    },
    Trouble {
        id: "queue-unknown-task",
        says: &["tasks of type `…` are not understood by this version: update the worker, then \
             `codingworker queue redrive`"],
        cause: "The sender is newer than this worker.",
        remedy: "Update the worker, then send the dead letter again.",
        told: true,
    },
    Trouble {
        id: "queue-no-dead-letter",
        says: &["… of … are no dead letters: `codingworker queue dead` lists them"],
        cause: "The ids do not belong to messages that are dead now: they were sent back \
                already, or are of another queue.",
        remedy: "Take the ids from `codingworker queue dead`.",
        told: true,
    },
];

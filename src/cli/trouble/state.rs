//! Database and state.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "state-folder",
        says: &[
            "…: …: the worker needs to write there",
            "this user may not write to …",
            "… is another user's",
            "others may write to … (…)",
            "others may read … (…)",
        ],
        cause: "`worker.state_dir` does not belong to the user that the worker runs as, or to \
                others as well.",
        remedy: "`sudo chown -R USER DIR` and `chmod 700 DIR`, or set `worker.state_dir`.",
        told: false,
    },
    Trouble {
        id: "state-locked",
        says: &["another worker is using …: stop it, or give this one its own `worker.state_dir`"],
        cause: "One state folder is for one worker.",
        remedy: "Stop the other one (`codingworker service status` says whether it is the \
                 service), or give this one its own folder.",
        told: true,
    },
    Trouble {
        id: "database-newer",
        says: &[
            "the database … was written by a newer codingworker (its schema is version …, this \
             program knows …): run the newer program, or set worker.state_dir to another folder",
        ],
        cause: "An older program was started on a newer one's state.",
        remedy: "Start the newer program again. To go back for good, `codingworker restore` a \
                 backup of before the upgrade.",
        told: true,
    },
    Trouble {
        id: "database-damaged",
        says: &[
            "the database … is damaged (…): stop codingworker, move the file and its -wal and \
             -shm neighbours away to keep them, and start again with an empty one",
        ],
        cause: "The file was cut off, overwritten, or copied while it was written.",
        remedy: "Put the last backup back with `codingworker restore`, or start with an empty \
                 one. What is on the queue comes again by itself.",
        told: true,
    },
    Trouble {
        id: "database-failed",
        says: &[
            "the database … cannot be opened: …",
            "the database is busy: another process has held it for … seconds",
            "the database could not be read or written: …",
            "the database failed: …",
            "the database is closed",
        ],
        cause: "The file cannot be read or written just now: its rights, a full disk, another \
                process, a network file system.",
        remedy: "Keep `worker.state_dir` on a local disk, owned by the worker's user, and look \
                 who holds it: `fuser -v DIR/codingworker.db`.",
        told: false,
    },
    Trouble {
        id: "job-unreadable",
        says: &[
            "what the store holds of job … cannot be read: …",
            "the job cannot be begun",
            "put down",
            "the job was put down: …",
            "the job's journal could not be written: …",
            "the change could not be written to …: …",
            "the job has no checkout: its journal is damaged",
            "nothing is committed that was not looked at: the journal is damaged",
            "a job that owes … cannot record …: its journal is damaged",
            "the issue was not read",
        ],
        cause: "What was written down of the job does not fit together, or could not be written: \
                a full disk, a damaged file, a program that is older than the one that began it.",
        remedy: "Look at the disk and the log, then `codingworker retry ID`: it begins anew.",
        told: false,
    },
    Trouble {
        id: "job-kills",
        says: &["the worker died 3 times within 72 hours while it was at this job, which is most \
             likely the cause: look at the worker's log, then set the label again"],
        cause: "What the job does takes the worker down with it: memory, most often; or the \
                machine lost its power three times.",
        remedy: "Look at the end of the worker's log before each start, and at `cage.memory_mb`. \
                 Its task is among the dead letters. With the label set anew it is tried again.",
        told: true,
    },
    Trouble {
        id: "audit-unreadable",
        says: &[
            "row … of the audit cannot be read (…): `codingworker audit verify` says whether it \
             was changed",
            "the audit of … is not as it was written: row …: … (… before it are sound)",
            "the audit of … is not the one that … was noted from: its rows were written anew, or \
             taken away, or the file is an older copy",
            "an audit entry needs a key of 1 to … bytes, and this one has …",
        ],
        cause: "Rows of the audit were changed, taken away or replaced, or an older copy of the \
                file was put in place.",
        remedy: "Keep the file as it is, find out who can write to it, and compare it with a \
                 backup. `codingworker audit verify --expect HEAD` compares with a head that you \
                 noted elsewhere.",
        told: true,
    },
];

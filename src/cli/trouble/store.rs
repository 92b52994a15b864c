//! The database that several workers share.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "store-away",
        says: &[
            "the database … is away: …",
            "the database … went away in the middle of a write, and it is not known whether the \
             write is there: …",
            "the database's connections are closed",
        ],
        cause: "PostgreSQL is down, starts, fails over, or cannot be reached from here.",
        remedy: "See that it runs and can be reached: `pg_isready -h HOST`. A worker that runs \
                 waits, and loses nothing; one that is started ends with 3.",
        told: false,
    },
    Trouble {
        id: "store-refused",
        says: &["the database … refused: …"],
        cause: "The password, the user, the database, the rights or the certificate are not what \
                the server wants, or not what we want of the server.",
        remedy: "`codingworker doctor` says which of them. An authority of your own is named by \
                 `sslrootcert=FILE` in `store.url`.",
        told: false,
    },
    Trouble {
        id: "store-newer",
        says: &[
            "the database … was written by a newer codingworker (its schema is version …, this \
             program knows …): run the newer program, or set store.url to another database",
        ],
        cause: "Another worker of the fleet is newer and has changed the tables.",
        remedy: "Bring this one to the same version.",
        told: true,
    },
    Trouble {
        id: "store-failed",
        says: &["the database … failed: …"],
        cause: "PostgreSQL did not understand us, or its tables are not ours.",
        remedy: "See the server's log for the statement, and report it.",
        told: false,
    },
    Trouble {
        id: "store-taken-over",
        says: &["job … was taken over: nothing more is written about it here"],
        cause: "This worker's lease on the job ended, and another goes on with it.",
        remedy: "Nothing; when it happens often, give `sqs.visibility_timeout` more seconds.",
        told: false,
    },
    Trouble {
        id: "store-unwise",
        says: &[
            "…: fsync is off, so that a power cut loses jobs",
            "…: … of … connections are in use; a worker takes up to 9",
        ],
        cause: "The server that `store.url` names works, and could be trusted more.",
        remedy: "`ALTER SYSTEM SET fsync = on`, or raise `max_connections`, and start the server again.",
        told: false,
    },
    Trouble {
        id: "store-url",
        says: &[
            "sslmode=… lets anybody on the way read the password: write sslmode=verify-full",
            "store.url has sslmode=…: whoever is on that network can read along; write \
             sslmode=verify-full",
            "store.url has sslmode=require, which does not ask who is at the other end: write \
             sslmode=verify-full, with sslrootcert=FILE for an authority of your own",
            "`store.password` has no say without `store.url`",
        ],
        cause: "The address of the database is not one that a password should go to.",
        remedy: "Write what the message says; see docs/fleet.md.",
        told: true,
    },
];

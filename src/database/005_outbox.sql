-- What people are told of: what happened and nobody has looked at yet, what waits to be sent,
-- what was sent.

-- Written by triggers, in the same transaction as what it tells of: a crash in between loses
-- nothing. Emptied by whoever makes notices of it.
CREATE TABLE untold (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    job     TEXT, -- a job that is over; or else
    message TEXT, -- a message that went to the dead letters of the embedded queue,
    reason  TEXT  -- and why
) STRICT;

CREATE TRIGGER untold_jobs AFTER UPDATE OF state ON jobs
WHEN NEW.state IN ('done', 'failed', 'cancelled')
    AND OLD.state NOT IN ('done', 'failed', 'cancelled')
BEGIN
    INSERT INTO untold (job) VALUES (NEW.id);
END;

CREATE TRIGGER untold_letters AFTER INSERT ON dead_letters
BEGIN
    INSERT INTO untold (message, reason) VALUES (NEW.id, NEW.reason);
END;

-- A notice for a channel, until it has arrived.
CREATE TABLE outbox (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    channel    TEXT NOT NULL,
    delivery   TEXT NOT NULL, -- the same over all tries
    notice     TEXT NOT NULL, -- JSON, without secrets
    created_at INTEGER NOT NULL,
    next_try   INTEGER NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    held       INTEGER NOT NULL DEFAULT 0 -- over the hour's limit: told in a summary
) STRICT;

CREATE INDEX outbox_by_channel ON outbox (channel, seq);

-- When a channel was told something: the last hour of it.
CREATE TABLE outbox_sent (
    channel TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_sent_by_channel ON outbox_sent (channel, at);

-- How it went so far, by channel.
CREATE TABLE outbox_account (
    channel  TEXT NOT NULL PRIMARY KEY,
    sent     INTEGER NOT NULL DEFAULT 0,
    dropped  INTEGER NOT NULL DEFAULT 0,
    sent_at  INTEGER, -- the last time
    error    TEXT,    -- the last one
    error_at INTEGER
) STRICT, WITHOUT ROWID;

-- What is remembered from one worker to the next: whether it runs, and since when a model is away.
CREATE TABLE outbox_memory (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

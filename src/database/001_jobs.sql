-- Jobs, and the events that they are made of.
CREATE TABLE jobs (
    seq              INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    key              TEXT NOT NULL UNIQUE,
    repository       TEXT NOT NULL, -- lower case, for looking up; the task has it as it was typed
    issue            INTEGER NOT NULL,
    task             TEXT NOT NULL, -- JSON
    state            TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    receipt          TEXT,
    pull_request     TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX jobs_by_issue ON jobs (repository, issue, created_at);
CREATE INDEX jobs_by_age ON jobs (created_at, seq);
CREATE INDEX jobs_unfinished ON jobs (seq) WHERE state NOT IN ('done', 'failed', 'cancelled');

CREATE TABLE events (
    job    TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    seq    INTEGER NOT NULL,
    record TEXT NOT NULL, -- JSON
    PRIMARY KEY (job, seq)
) STRICT;

-- Where each part of a job begins in its log file.
CREATE TABLE log_sections (
    seq    INTEGER PRIMARY KEY,
    job    TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at     INTEGER NOT NULL,
    title  TEXT NOT NULL,
    offset INTEGER NOT NULL
) STRICT;

CREATE INDEX log_sections_by_job ON log_sections (job, seq);

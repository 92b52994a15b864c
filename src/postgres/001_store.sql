-- Jobs, the events that they are made of, and what is remembered from job to job: as the SQLite
-- file has them, but for what stays with each worker (audit, outbox, logs). JSON is kept as text,
-- exactly as it was written: jsonb takes no \u0000.
CREATE TABLE schema_version (
    one     BOOLEAN PRIMARY KEY DEFAULT true CHECK (one),
    version BIGINT NOT NULL,
    fleet   TEXT NOT NULL DEFAULT gen_random_uuid()::text -- whose this is, and nobody else's
);

INSERT INTO schema_version (version) VALUES (0);

-- What time it is here, in milliseconds: all leases are measured by this one clock.
CREATE FUNCTION now_ms() RETURNS BIGINT LANGUAGE sql VOLATILE AS $$
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

-- Writes that took place: who hears no answer to a COMMIT looks here before it tries again.
CREATE TABLE writes (
    process BIGINT NOT NULL,
    number  BIGINT NOT NULL,
    at      BIGINT NOT NULL DEFAULT now_ms(),
    PRIMARY KEY (process, number)
);

CREATE INDEX writes_by_age ON writes (at);

CREATE TABLE jobs (
    seq              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    key              TEXT NOT NULL UNIQUE,
    repository       TEXT NOT NULL, -- lower case, for looking up; the task has it as it was typed
    issue            BIGINT NOT NULL,
    task             TEXT NOT NULL, -- JSON
    state            TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    receipt          TEXT,
    pull_request     TEXT,
    cancel_requested BOOLEAN NOT NULL DEFAULT false,
    begun_at         BIGINT,
    refused_at       BIGINT,
    -- Who works on it, and for how long that is believed; the token grows with each claim, and is
    -- shown with every write of the job's work.
    owner            TEXT,
    lease_token      BIGINT NOT NULL DEFAULT 0,
    lease_until      BIGINT NOT NULL DEFAULT 0,
    at_work          BOOLEAN NOT NULL DEFAULT false,
    -- A worker died at it, and its journal does not say so yet.
    orphaned         BOOLEAN NOT NULL DEFAULT false
);

CREATE INDEX jobs_by_issue ON jobs (repository, issue, created_at);
CREATE INDEX jobs_by_age ON jobs (created_at, seq);
CREATE INDEX jobs_unfinished ON jobs (seq) WHERE state NOT IN ('done', 'failed', 'cancelled');
CREATE INDEX jobs_begun ON jobs (repository, issue, begun_at) WHERE begun_at IS NOT NULL;
CREATE INDEX jobs_refused ON jobs (repository, issue, refused_at) WHERE refused_at IS NOT NULL;
-- A job that is over and has a receipt owes the queue a word.
CREATE INDEX jobs_unsettled ON jobs (seq)
WHERE receipt IS NOT NULL AND state IN ('done', 'failed', 'cancelled');

CREATE TABLE events (
    job    TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    seq    BIGINT NOT NULL,
    record TEXT NOT NULL, -- JSON
    PRIMARY KEY (job, seq)
);

-- Where each part of a job begins in the log that a worker keeps of it, each its own.
CREATE TABLE log_sections (
    seq     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job     TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    worker  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    title   TEXT NOT NULL,
    "offset" BIGINT NOT NULL
);

CREATE INDEX log_sections_by_job ON log_sections (job, worker, seq);

-- The job that answers for a task, by the task's key: several requests are done in one go.
CREATE TABLE claims (
    key TEXT NOT NULL PRIMARY KEY,
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE
);

CREATE INDEX claims_by_job ON claims (job);

-- Which repository a name stood for when it was first seen.
CREATE TABLE pins (
    repository TEXT NOT NULL PRIMARY KEY, -- lower case
    id         BIGINT NOT NULL
);

-- The model that people want first on an issue or a pull request.
CREATE TABLE preferences (
    repository TEXT NOT NULL, -- lower case
    thread     BIGINT NOT NULL,
    model      TEXT NOT NULL,
    PRIMARY KEY (repository, thread)
);

-- Tasks that the operator asked for himself, by key.
CREATE TABLE vouched (
    key TEXT NOT NULL PRIMARY KEY,
    at  BIGINT NOT NULL
);

-- What was seen of the lists of repositories that workers look at themselves.
CREATE TABLE polls (
    repository TEXT NOT NULL,
    list       TEXT NOT NULL,
    etag       TEXT,
    mark       TEXT NOT NULL,
    PRIMARY KEY (repository, list)
);

-- Models whose servers turned us away, until when.
CREATE TABLE model_holds (
    model  TEXT NOT NULL,
    server TEXT NOT NULL,
    said   TEXT NOT NULL,
    since  BIGINT NOT NULL,
    until  BIGINT NOT NULL,
    nth    BIGINT NOT NULL,
    PRIMARY KEY (model, server)
);

-- What happened and nobody was told of: written in the same transaction as what it tells of.
-- Whichever worker comes first moves it into its own outbox.
CREATE TABLE untold (
    seq     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job     TEXT, -- a job that is over; or else
    message TEXT, -- a message that went to the dead letters of the queue,
    reason  TEXT, -- and why
    -- The worker that is moving it into its outbox, and until when that is believed.
    teller  TEXT,
    teller_until BIGINT NOT NULL DEFAULT 0
);

CREATE FUNCTION note_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO untold (job) VALUES (NEW.id);
    RETURN NULL;
END
$$;

CREATE FUNCTION note_letter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO untold (message, reason) VALUES (NEW.id, NEW.reason);
    RETURN NULL;
END
$$;

CREATE TRIGGER untold_jobs AFTER UPDATE OF state ON jobs
FOR EACH ROW WHEN (
    NEW.state IN ('done', 'failed', 'cancelled')
    AND OLD.state NOT IN ('done', 'failed', 'cancelled')
) EXECUTE FUNCTION note_job();

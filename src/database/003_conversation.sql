-- What people say on a pull request: which jobs count, who answers for what, what is remembered.

-- When a job was allowed to begin, and when it was refused, or answered without work (it is `done`
-- then): what the caps of a day count. Older versions asked nobody, so that every job that left the
-- queue had begun.
ALTER TABLE jobs ADD COLUMN begun_at INTEGER;
ALTER TABLE jobs ADD COLUMN refused_at INTEGER;
UPDATE jobs SET begun_at = created_at WHERE state <> 'queued';

CREATE INDEX jobs_begun ON jobs (repository, issue, begun_at) WHERE begun_at IS NOT NULL;
CREATE INDEX jobs_refused ON jobs (repository, issue, refused_at) WHERE refused_at IS NOT NULL;

-- The job that answers for a task, by the task's key: several requests are done in one go.
CREATE TABLE claims (
    key TEXT NOT NULL PRIMARY KEY,
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX claims_by_job ON claims (job);

-- Which repository a name stood for when it was first seen: names change hands, ids do not.
CREATE TABLE pins (
    repository TEXT NOT NULL PRIMARY KEY, -- lower case
    id         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The model that people want first on an issue or a pull request.
CREATE TABLE preferences (
    repository TEXT NOT NULL, -- lower case
    thread     INTEGER NOT NULL,
    model      TEXT NOT NULL,
    PRIMARY KEY (repository, thread)
) STRICT, WITHOUT ROWID;

-- Tasks that the operator asked for on this machine, by key.
CREATE TABLE vouched (
    key TEXT NOT NULL PRIMARY KEY,
    at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

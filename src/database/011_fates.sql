-- What became of the pull requests that jobs opened or pushed to, as the code host said last.
CREATE TABLE fates (
    repository TEXT NOT NULL, -- lower case
    number     INTEGER NOT NULL,
    name       TEXT NOT NULL, -- the repository as it was typed
    since      INTEGER NOT NULL, -- when a job opened it, or pushed to it last
    state      TEXT NOT NULL DEFAULT 'open', -- open, merged or closed
    etag       TEXT, -- the code host's name for it as it was
    looked_at  INTEGER, -- when somebody began to look last
    PRIMARY KEY (repository, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX fates_open ON fates (since) WHERE state = 'open';
CREATE INDEX fates_looked ON fates (looked_at) WHERE looked_at IS NOT NULL;

-- Those of the jobs that are over already: an issue's has a number, a comment's stands under it.
INSERT INTO fates (repository, number, name, since)
SELECT jobs.repository, coalesce(record ->> '$.event.of.number', jobs.issue) AS number,
    min(coalesce(task ->> '$.repository', jobs.repository)), max(record ->> '$.at')
FROM events JOIN jobs ON jobs.id = events.job
WHERE record ->> '$.event.event' = 'opened'
    OR (record ->> '$.event.event' = 'ended' AND record ->> '$.event.of.kind' = 'updated')
GROUP BY jobs.repository, coalesce(record ->> '$.event.of.number', jobs.issue);

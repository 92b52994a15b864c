-- What became of the pull requests that jobs opened or pushed to, as the code host said last.
CREATE TABLE fates (
    repository TEXT NOT NULL, -- lower case
    number     BIGINT NOT NULL,
    name       TEXT NOT NULL, -- the repository as it was typed
    since      BIGINT NOT NULL, -- when a job opened it, or pushed to it last
    state      TEXT NOT NULL DEFAULT 'open', -- open, merged or closed
    etag       TEXT, -- the code host's name for it as it was
    looked_at  BIGINT, -- when somebody began to look last
    PRIMARY KEY (repository, number)
);

CREATE INDEX fates_open ON fates (since) WHERE state = 'open';
CREATE INDEX fates_looked ON fates (looked_at) WHERE looked_at IS NOT NULL;

-- Those of the jobs that are over already: an issue's has a number, a comment's stands under it.
INSERT INTO fates (repository, number, name, since)
SELECT repository, number, min(name), max(at) FROM (
    SELECT jobs.repository,
        coalesce((record::json #>> '{event,of,number}')::bigint, jobs.issue) AS number,
        coalesce(task::json ->> 'repository', jobs.repository) AS name,
        (record::json ->> 'at')::bigint AS at
    FROM events JOIN jobs ON jobs.id = events.job
    WHERE record::json #>> '{event,event}' = 'opened'
        OR (record::json #>> '{event,event}' = 'ended'
            AND record::json #>> '{event,of,kind}' = 'updated')
) AS told
GROUP BY repository, number;

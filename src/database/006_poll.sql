-- What was seen of the lists of repositories that the worker looks at itself: the code host's name
-- for the page as it was, and what of it was passed on (JSON, see `engine::watch::Mark`).
CREATE TABLE polls (
    repository TEXT NOT NULL,
    list TEXT NOT NULL,
    etag TEXT,
    mark TEXT NOT NULL,
    PRIMARY KEY (repository, list)
) STRICT, WITHOUT ROWID;

-- Who asked what, and what was decided. Rows are added and never changed; each holds the hash of
-- the one before (src/audit.rs says how it is made).
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY, -- from 1, without gaps
    entry      TEXT NOT NULL,       -- JSON, exactly as it was hashed
    previous   TEXT NOT NULL,
    hash       TEXT NOT NULL,
    -- For looking up; all that counts is in the entry.
    key        TEXT AS (iif(json_valid(entry), entry ->> '$.key', NULL)),
    job        TEXT AS (iif(json_valid(entry), entry ->> '$.job', NULL)),
    repository TEXT AS (iif(json_valid(entry), lower(entry ->> '$.repository'), NULL))
) STRICT;

CREATE UNIQUE INDEX audit_by_key ON audit (key);
CREATE INDEX audit_by_job ON audit (job);
CREATE INDEX audit_by_repository ON audit (repository, seq);

-- How many rows there are, and the hash of the last: rows taken off the end are missed by this.
CREATE TABLE audit_head (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    count INTEGER NOT NULL,
    hash  TEXT NOT NULL
) STRICT;

INSERT INTO audit_head
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is not edited');
END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'nothing is deleted from the audit');
END;

-- `INSERT OR REPLACE` would delete without asking the trigger above.
CREATE TRIGGER audit_only_grows BEFORE INSERT ON audit
WHEN NOT EXISTS (
        SELECT 1 FROM audit_head WHERE count + 1 = NEW.seq AND hash = NEW.previous
    )
    OR EXISTS (
        SELECT 1 FROM audit WHERE seq = NEW.seq
            OR key = iif(json_valid(NEW.entry), NEW.entry ->> '$.key', NULL)
    )
BEGIN
    SELECT RAISE(ABORT, 'the audit only grows at its end');
END;

CREATE TRIGGER audit_head_follows BEFORE UPDATE ON audit_head
WHEN NEW.one <> OLD.one OR NEW.count <> OLD.count + 1
    OR NOT EXISTS (SELECT 1 FROM audit WHERE seq = NEW.count AND hash = NEW.hash)
BEGIN
    SELECT RAISE(ABORT, 'the head of the audit only follows its rows');
END;

CREATE TRIGGER audit_head_is_one BEFORE INSERT ON audit_head
BEGIN
    SELECT RAISE(ABORT, 'the audit has one head');
END;

CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
BEGIN
    SELECT RAISE(ABORT, 'the audit keeps its head');
END;

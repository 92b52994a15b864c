-- The queue on PostgreSQL: leases, receive counts and dead letters as SQS has them. All times are
-- the server's: the workers' clocks differ.
CREATE TABLE messages (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    body       TEXT NOT NULL,
    sent_at    BIGINT NOT NULL,
    visible_at BIGINT NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0, -- how often it was handed out
    strikes    INTEGER NOT NULL DEFAULT 0, -- how often a lease on it ran out
    handle     TEXT                        -- the last delivery's; null when that one was settled
);

CREATE INDEX messages_by_visibility ON messages (visible_at, seq);

-- What somebody holds, or held until the lease ran out: few, however long the queue is.
CREATE INDEX messages_held ON messages (visible_at, seq) WHERE handle IS NOT NULL;

CREATE TABLE dead_letters (
    seq       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    body      TEXT NOT NULL,
    sent_at   BIGINT NOT NULL,
    buried_at BIGINT NOT NULL,
    reason    TEXT NOT NULL
);

-- Whoever waits is woken when the transaction is there: NOTIFY is delivered with the COMMIT. A
-- message that is only taken or kept (its lease grows) wakes nobody.
CREATE FUNCTION wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_TABLE_SCHEMA, '');
    RETURN NULL;
END
$$;

CREATE TRIGGER messages_come AFTER INSERT ON messages
FOR EACH STATEMENT EXECUTE FUNCTION wake();

CREATE TRIGGER messages_come_back AFTER UPDATE OF visible_at ON messages
FOR EACH ROW WHEN (NEW.handle IS NULL) EXECUTE FUNCTION wake();

CREATE TRIGGER untold_letters AFTER INSERT ON dead_letters
FOR EACH ROW EXECUTE FUNCTION note_letter();

-- The embedded queue. A message is visible from `visible_at` on; `handle` is the last delivery's,
-- and is null when that one was settled or there was none.
CREATE TABLE messages (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    body       TEXT NOT NULL,
    sent_at    INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0, -- how often it was handed out
    strikes    INTEGER NOT NULL DEFAULT 0, -- how often a lease on it ran out
    handle     TEXT
) STRICT;

CREATE INDEX messages_by_visibility ON messages (visible_at);

CREATE TABLE dead_letters (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    body       TEXT NOT NULL,
    sent_at    INTEGER NOT NULL,
    buried_at  INTEGER NOT NULL,
    reason     TEXT NOT NULL
) STRICT;

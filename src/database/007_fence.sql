-- Who works on a job, and for how long that is believed. `lease_token` grows with each claim, and is
-- shown with every write of the job's work.
ALTER TABLE jobs ADD COLUMN owner TEXT; -- the worker's name; null when nobody has it
ALTER TABLE jobs ADD COLUMN lease_token INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN lease_until INTEGER NOT NULL DEFAULT 0; -- milliseconds
ALTER TABLE jobs ADD COLUMN at_work INTEGER NOT NULL DEFAULT 0; -- work on it has begun
-- A worker died at it, and its journal does not say so yet.
ALTER TABLE jobs ADD COLUMN orphaned INTEGER NOT NULL DEFAULT 0;

-- A job that is over and has a receipt owes the queue a word. Older versions said it and did not
-- note that.
UPDATE jobs SET receipt = NULL WHERE state IN ('done', 'failed', 'cancelled');
CREATE INDEX jobs_unsettled ON jobs (seq)
WHERE receipt IS NOT NULL AND state IN ('done', 'failed', 'cancelled');

-- This worker's name, among those that share a store or a queue.
CREATE TABLE worker (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL
) STRICT;

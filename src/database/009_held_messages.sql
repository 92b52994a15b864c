-- What somebody holds, or held until the lease ran out: few, however long the queue is.
CREATE INDEX messages_held ON messages (visible_at) WHERE handle IS NOT NULL;

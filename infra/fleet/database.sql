-- Once, as an administrator of the server: psql -f infra/fleet/database.sql
-- The worker makes its own tables, in a schema `codingworker` of this database.
CREATE ROLE codingworker LOGIN; -- then \password codingworker
CREATE DATABASE codingworker OWNER codingworker ENCODING 'UTF8' TEMPLATE template0;

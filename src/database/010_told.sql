-- Where a happening was noted first, when that was not here: in the store that workers share. Whoever
-- tells of it again, after a crash or on another worker, gives it the same name.
ALTER TABLE untold ADD COLUMN origin TEXT;

-- Models whose servers turned us away, and until when nobody asks them.
CREATE TABLE model_holds (
    model  TEXT NOT NULL,
    server TEXT NOT NULL,
    said   TEXT NOT NULL,
    since  INTEGER NOT NULL,
    until  INTEGER NOT NULL,
    nth    INTEGER NOT NULL,
    PRIMARY KEY (model, server)
) STRICT, WITHOUT ROWID;

-- How far each webhook has been told, of each stream of events: everything up to `last` was taken. failing_since: seconds
-- since the epoch; 0: the last request went well.
CREATE TABLE place (
  stream        TEXT NOT NULL,
  webhook       TEXT NOT NULL,
  last          INTEGER NOT NULL,
  failing_since REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (stream, webhook)
) STRICT, WITHOUT ROWID;

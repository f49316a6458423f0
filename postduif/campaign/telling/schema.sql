-- How far each webhook has been told, of each stream of events: everything up to `last` was taken. failing_since: seconds
-- since the epoch; 0: the last request went well. The journal of mailing 12 is the stream mailing-12; who has the stream
-- deliveries has begun with them. -1: a stream that could not be read yet; it begins where that ends once it can be.
CREATE TABLE place (
  stream        TEXT NOT NULL,
  webhook       TEXT NOT NULL,
  last          INTEGER NOT NULL,
  failing_since REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (stream, webhook)
) STRICT, WITHOUT ROWID;

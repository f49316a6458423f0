-- Calls with an Idempotency-Key, for a day. owner: id of the token. digest: SHA-256 of what was asked. run: which run of
-- the program is at it; '' when it is not known what became of it. status: of the answer, NULL until there is one.
CREATE TABLE call (
  owner  TEXT NOT NULL,
  key    TEXT NOT NULL,
  digest BLOB NOT NULL,
  at     REAL NOT NULL,
  run    TEXT NOT NULL,
  status INTEGER,
  fields TEXT NOT NULL DEFAULT '[]',
  body   BLOB NOT NULL DEFAULT x'',
  PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_at ON call (at);

CREATE TABLE person (
  name TEXT PRIMARY KEY,            -- to sign in with; lower case
  title TEXT NOT NULL,              -- as others see it
  hashed TEXT NOT NULL,             -- argon2; '': no password yet, only links
  role TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  made REAL NOT NULL,
  signed_in REAL                    -- last time
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  hashed BLOB PRIMARY KEY,          -- SHA-256 of what the cookie holds
  person TEXT NOT NULL REFERENCES person ON DELETE CASCADE,
  csrf TEXT NOT NULL,
  created REAL NOT NULL,
  seen REAL NOT NULL,
  agent TEXT NOT NULL               -- the browser, in a word or two
) STRICT, WITHOUT ROWID;
CREATE INDEX session_person ON session (person);

CREATE TABLE link (                 -- signs in once
  hashed BLOB PRIMARY KEY,
  person TEXT NOT NULL REFERENCES person ON DELETE CASCADE,
  until REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX link_person ON link (person);

CREATE TABLE token (                -- of the API
  id TEXT PRIMARY KEY,
  hashed BLOB NOT NULL,
  person TEXT NOT NULL REFERENCES person ON DELETE CASCADE,
  title TEXT NOT NULL,
  scopes TEXT NOT NULL,             -- permissions between blanks
  made REAL NOT NULL,
  used REAL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_person ON token (person);

CREATE TABLE approval (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,            -- what it is about: "mailing 7"
  version TEXT NOT NULL,            -- as it was when it was asked for
  action TEXT NOT NULL,             -- what is to be done with it
  asked_by TEXT NOT NULL,
  asked REAL NOT NULL,
  asked_words TEXT NOT NULL,
  verdict TEXT NOT NULL DEFAULT '', -- '': waits
  decided_by TEXT NOT NULL DEFAULT '',
  decided REAL,
  decided_words TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX approval_subject ON approval (subject, id);
CREATE INDEX approval_waiting ON approval (id) WHERE verdict = '';

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at REAL NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  about TEXT NOT NULL,
  words TEXT NOT NULL
) STRICT;
CREATE INDEX audit_who ON audit (who, id);
CREATE INDEX audit_about ON audit (about, id);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
CREATE TRIGGER audit_remains BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;

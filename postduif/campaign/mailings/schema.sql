-- Mailings, and what was done to them by whom. Times are seconds since the epoch (UTC); what is not yet is NULL.

-- number: also the message id in the mailing's queue file; never used twice. parent: the repeating mailing that it is one
-- occasion of. preparation: counts how often it was begun to be prepared. next: when its schedule comes due;
-- handled: up to when its dates were kept or skipped. reason: the words of what brought it into its state.
CREATE TABLE mailing (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    state       TEXT NOT NULL,
    reason      TEXT NOT NULL DEFAULT '',
    revision    INTEGER NOT NULL DEFAULT 1,
    template    INTEGER NOT NULL DEFAULT 0,
    parent      INTEGER,

    name        TEXT NOT NULL COLLATE NOCASE,
    stream      TEXT NOT NULL,
    target      TEXT NOT NULL,
    content     TEXT NOT NULL,
    typology    TEXT NOT NULL,
    policy      TEXT NOT NULL,
    validity    REAL NOT NULL,
    rate        INTEGER NOT NULL,
    waves       TEXT NOT NULL,
    priority    INTEGER,
    folder      TEXT NOT NULL COLLATE NOCASE,
    tags        TEXT NOT NULL,

    schedule    TEXT,
    next        REAL,
    handled     REAL NOT NULL DEFAULT 0,

    preparation INTEGER NOT NULL DEFAULT 0,
    prepared    REAL,
    targeted    INTEGER NOT NULL DEFAULT 0,
    excluded    INTEGER NOT NULL DEFAULT 0,
    errors      INTEGER NOT NULL DEFAULT 0,
    warnings    INTEGER NOT NULL DEFAULT 0,
    started     REAL,
    ended       REAL,

    created     REAL NOT NULL,
    created_by  TEXT NOT NULL,
    changed     REAL NOT NULL,
    changed_by  TEXT NOT NULL
);
CREATE INDEX mailing_next ON mailing (next) WHERE next IS NOT NULL;
CREATE INDEX mailing_state ON mailing (state);
CREATE INDEX mailing_parent ON mailing (parent) WHERE parent IS NOT NULL;

-- What belongs to a mailing's content: images and attachments, each content once. hash: SHA-256 in hexadecimal.
CREATE TABLE file (
    hash    TEXT PRIMARY KEY,
    content BLOB NOT NULL
);
CREATE TABLE mailing_file (
    mailing INTEGER NOT NULL REFERENCES mailing (number) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    hash    TEXT NOT NULL REFERENCES file (hash),
    PRIMARY KEY (mailing, name)
) WITHOUT ROWID;
CREATE INDEX mailing_file_hash ON mailing_file (hash);

-- Rows are added and never changed; they stay when the mailing goes.
CREATE TABLE history (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    mailing INTEGER NOT NULL,
    at      REAL NOT NULL,
    who     TEXT NOT NULL,
    action  TEXT NOT NULL,
    before  TEXT NOT NULL,
    after   TEXT NOT NULL,
    words   TEXT NOT NULL
);
CREATE INDEX history_mailing ON history (mailing, id);
CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history
BEGIN SELECT raise(ABORT, 'what was done is never changed'); END;
CREATE TRIGGER history_stays BEFORE DELETE ON history
BEGIN SELECT raise(ABORT, 'what was done is never forgotten'); END;

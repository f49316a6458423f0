-- People and what is known of them. Times are seconds since the epoch (UTC); what is unknown is NULL.

-- subject: the address as one key, in lower case, the domain in ASCII. Of an address that is none: a space, and what was
-- given. invalid: why it is none; '' when it is one. Each free attribute has a column of its own, a_NAME.
CREATE TABLE contact (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    email    TEXT NOT NULL,
    subject  TEXT NOT NULL UNIQUE,
    invalid  TEXT NOT NULL DEFAULT '',
    name     TEXT COLLATE NOCASE,
    language TEXT COLLATE NOCASE,
    created  REAL NOT NULL,
    changed  REAL NOT NULL
);

-- A kind of child record, in a table of its own, c_NAME. key: the attribute that tells the records of one person apart.
CREATE TABLE collection (
    name TEXT PRIMARY KEY,
    key  TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

-- The free attributes. collection: '' for those of contacts. kind: text, number, date, boolean or list.
CREATE TABLE attribute (
    collection TEXT NOT NULL,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    label      TEXT NOT NULL,
    place      INTEGER NOT NULL,
    PRIMARY KEY (collection, name)
) WITHOUT ROWID;

-- Where people came from. kind: import, form, api or hand.
CREATE TABLE source (
    id   INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    UNIQUE (kind, name)
);
CREATE TABLE origin (
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    source  INTEGER NOT NULL REFERENCES source (id),
    at      REAL NOT NULL,
    PRIMARY KEY (contact, source)
) WITHOUT ROWID;

-- kind: static (members), dynamic (a condition) or addresses (a list of addresses, which can only exclude).
CREATE TABLE selection (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE COLLATE NOCASE,
    kind      TEXT NOT NULL,
    condition TEXT NOT NULL DEFAULT '',
    note      TEXT NOT NULL DEFAULT '',
    created   REAL NOT NULL,
    changed   REAL NOT NULL
);
CREATE TABLE selection_member (
    selection INTEGER NOT NULL REFERENCES selection (id) ON DELETE CASCADE,
    contact   INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    PRIMARY KEY (selection, contact)
) WITHOUT ROWID;
CREATE INDEX selection_member_contact ON selection_member (contact);
CREATE TABLE selection_address (
    selection INTEGER NOT NULL REFERENCES selection (id) ON DELETE CASCADE,
    subject   TEXT NOT NULL,
    PRIMARY KEY (selection, subject)
) WITHOUT ROWID;
CREATE INDEX selection_address_subject ON selection_address (subject);

CREATE TABLE project (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE COLLATE NOCASE,
    note    TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL
);
CREATE TABLE project_member (
    project INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    role    TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
    PRIMARY KEY (project, contact)
) WITHOUT ROWID;
CREATE INDEX project_member_contact ON project_member (contact);

-- Types of mail. everybody: who has not unsubscribed gets it. confirm: only who confirmed by a link gets it.
CREATE TABLE subscription_type (
    name        TEXT PRIMARY KEY COLLATE NOCASE,
    title       TEXT NOT NULL,
    description TEXT NOT NULL,
    everybody   INTEGER NOT NULL,
    confirm     INTEGER NOT NULL
) WITHOUT ROWID;
-- state: unconfirmed or confirmed. Who unsubscribed is on the suppression list, not here.
CREATE TABLE subscription (
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    type    TEXT NOT NULL COLLATE NOCASE REFERENCES subscription_type (name) ON DELETE CASCADE,
    state   TEXT NOT NULL,
    since   REAL NOT NULL,
    PRIMARY KEY (contact, type)
) WITHOUT ROWID;

-- The proof: who agreed to what, when, from where, in which words. Rows are added and never changed.
CREATE TABLE consent (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    type    TEXT NOT NULL,
    event   TEXT NOT NULL,
    at      REAL NOT NULL,
    origin  TEXT NOT NULL,
    wording TEXT NOT NULL,
    source  TEXT NOT NULL
);
CREATE INDEX consent_contact ON consent (contact);
CREATE TRIGGER consent_stays BEFORE UPDATE ON consent
BEGIN SELECT raise(ABORT, 'the proof of consent is never changed'); END;
CREATE TRIGGER consent_goes_with_the_person BEFORE DELETE ON consent
WHEN EXISTS (SELECT 1 FROM contact WHERE id = OLD.contact)
BEGIN SELECT raise(ABORT, 'the proof of consent goes only with its person'); END;

-- What was taken in. line: the last one that is on file; a run that was broken off goes on behind it.
CREATE TABLE import_run (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    file     TEXT NOT NULL,
    digest   TEXT NOT NULL,
    state    TEXT NOT NULL,
    line     INTEGER NOT NULL DEFAULT 0,
    added    INTEGER NOT NULL DEFAULT 0,
    updated  INTEGER NOT NULL DEFAULT 0,
    skipped  INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    started  REAL NOT NULL,
    ended    REAL
);
CREATE INDEX import_run_digest ON import_run (digest);
CREATE TABLE import_rejected (
    run     INTEGER NOT NULL REFERENCES import_run (id) ON DELETE CASCADE,
    line    INTEGER NOT NULL,
    address TEXT NOT NULL,
    reason  TEXT NOT NULL
);
CREATE INDEX import_rejected_run ON import_rejected (run);

-- Forms and what was answered. Times are seconds since the epoch (UTC).

-- closed: nobody is asked any more. version: the latest.
CREATE TABLE form (
    name    TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    closed  INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL
) WITHOUT ROWID;

-- What a form was at each time it was stored, as JSON: the proof of consent names the version, so none is ever changed.
CREATE TABLE version (
    form    TEXT NOT NULL REFERENCES form (name),
    version INTEGER NOT NULL,
    at      REAL NOT NULL,
    who     TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (form, version)
) WITHOUT ROWID;
CREATE TRIGGER version_stays BEFORE UPDATE ON version
BEGIN SELECT raise(ABORT, 'a version of a form is never changed'); END;

-- types, content: JSON. email: of somebody who signed up; '' of a reader of a mailing, whom `mailing` and `number` name (0 and -1 for
-- who signed up). contact: in the audience, 0 while nobody knows. seed: an address of ours, in no figure. origin: the network
-- addresses of asking and confirming, '' unless they are to be kept. mailed: when the mail that asks for a confirmation was handed to the MTA;
-- refused: why it was not. confirmed: the link was followed. done: the audience and the MTA have it.
CREATE TABLE answer (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    form      TEXT NOT NULL,
    version   INTEGER NOT NULL,
    at        REAL NOT NULL,
    language  TEXT NOT NULL,
    email     TEXT NOT NULL,
    subject   TEXT NOT NULL,
    types     TEXT NOT NULL,
    content   TEXT NOT NULL,
    origin    TEXT NOT NULL,
    mailing   INTEGER NOT NULL DEFAULT 0,
    number    INTEGER NOT NULL DEFAULT -1,
    seed      INTEGER NOT NULL DEFAULT 0,
    contact   INTEGER NOT NULL DEFAULT 0,
    mailed    REAL,
    refused   TEXT NOT NULL DEFAULT '',
    confirmed REAL,
    confirmed_origin TEXT NOT NULL DEFAULT '',
    done      REAL
);
CREATE INDEX answer_form ON answer (form, id);
CREATE INDEX answer_subject ON answer (subject) WHERE subject <> '';
CREATE INDEX answer_contact ON answer (contact) WHERE contact <> 0;
CREATE UNIQUE INDEX answer_reader ON answer (mailing, number, form) WHERE mailing <> 0;
CREATE INDEX answer_to_mail ON answer (id) WHERE mailing = 0 AND mailed IS NULL;
CREATE INDEX answer_unconfirmed ON answer (form, at) WHERE confirmed IS NULL;
CREATE INDEX answer_to_do ON answer (id) WHERE confirmed IS NOT NULL AND done IS NULL;

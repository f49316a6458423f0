-- What happened on the public pages. Times are seconds since the epoch (UTC). A reader is a recipient of a mailing, by
-- the mailing's number and his own in it; no address of e-mail or network is here, but where it is part of a proof.

-- kind: open, click, web or unsubscribe_page. link: number of the link, 0 for none. agent: the family of the program, one
-- word. machine: why it is taken for a machine's, '' for a person's.
CREATE TABLE visit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      REAL NOT NULL,
    mailing INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    link    INTEGER NOT NULL,
    agent   TEXT NOT NULL,
    machine TEXT NOT NULL
);
CREATE INDEX visit_reader ON visit (mailing, number);

-- What somebody asked for. kind: unsubscribe, resubscribe, no_tracking, tracking, export or erase. type: of mail, '' for
-- all. how, wording, origin: the proof; origin is "" once the audience has it. done_at: when it was carried out; NULL until
-- then.
CREATE TABLE wish (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      REAL NOT NULL,
    mailing INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    type    TEXT NOT NULL,
    how     TEXT NOT NULL,
    wording TEXT NOT NULL,
    origin  TEXT NOT NULL,
    done_at REAL
);
CREATE INDEX wish_reader ON wish (mailing, number);
CREATE INDEX wish_to_do ON wish (id) WHERE done_at IS NULL;

-- Who does not want to be seen: a contact, or, of somebody who is none, one recipient of one mailing.
CREATE TABLE unseen (
    contact INTEGER NOT NULL,
    mailing INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (contact, mailing, number)
) WITHOUT ROWID;

-- Visits that were not kept because there was no room in memory, by the hour.
CREATE TABLE lost (
    hour  INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
);

-- The most visits that waited in memory for one commit, in some ten seconds before `at`.
CREATE TABLE memory (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    at      REAL NOT NULL,
    waiting INTEGER NOT NULL
);
INSERT INTO memory VALUES (1, 0, 0);

-- Counted from the visits up to `counted`. name: what; link: of that link, 0 for all; hour: of that hour since the epoch, 0
-- for all.
CREATE TABLE counted (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    visit INTEGER NOT NULL
);
INSERT INTO counted VALUES (1, 0);
CREATE TABLE figure (
    mailing INTEGER NOT NULL,
    name    TEXT NOT NULL,
    link    INTEGER NOT NULL,
    hour    INTEGER NOT NULL,
    value   INTEGER NOT NULL,
    PRIMARY KEY (mailing, name, link, hour)
) WITHOUT ROWID;

-- One row for each who came by, so that pages of them are quick. opens, clicks: by people.
CREATE TABLE reader (
    mailing INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    opens   INTEGER NOT NULL,
    clicks  INTEGER NOT NULL,
    machine INTEGER NOT NULL,
    PRIMARY KEY (mailing, number)
) WITHOUT ROWID;

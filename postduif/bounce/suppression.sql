-- Who is not written to any more, and why; in the queue file, so that it changes in the transaction of the reply that
-- caused it. Times are seconds since the epoch (UTC), unknown text is ''. Change it through `postduif suppress`.

-- subject: an address in lower case; a pattern (with *); or # and the hash of an erased address.
-- type: '' is all mail, '*' every type of mail, else the type that was unsubscribed from.
-- standing: with_errors, quarantined or suppressed; what is valid has no row. until: when it ends by itself.
-- errors: the times of the soft errors that count, a JSON list.
CREATE TABLE IF NOT EXISTS suppression (
    subject  TEXT NOT NULL,
    type     TEXT NOT NULL,
    standing TEXT NOT NULL,
    cause    TEXT NOT NULL,
    source   TEXT NOT NULL,
    evidence TEXT NOT NULL,
    reason   TEXT NOT NULL,
    at       REAL NOT NULL,
    until    REAL,
    errors   TEXT NOT NULL,
    PRIMARY KEY (subject, type)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS suppression_until ON suppression (until) WHERE until IS NOT NULL;
CREATE INDEX IF NOT EXISTS suppression_pattern ON suppression (subject)
    WHERE instr(subject, '*') > 0 AND instr(subject, '\') = 0;

-- Every change, in the order in which it was made. source, evidence and reason are those of the event.
CREATE TABLE IF NOT EXISTS suppression_history (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       REAL NOT NULL,
    subject  TEXT NOT NULL,
    type     TEXT NOT NULL,
    event    TEXT NOT NULL,
    was      TEXT NOT NULL,
    became   TEXT NOT NULL,
    cause    TEXT NOT NULL,
    source   TEXT NOT NULL,
    evidence TEXT NOT NULL,
    reason   TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS suppression_history_subject ON suppression_history (subject);
CREATE INDEX IF NOT EXISTS suppression_history_at ON suppression_history (at);

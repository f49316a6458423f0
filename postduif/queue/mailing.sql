-- What the queue file of a mailing has besides. Nothing of it is removed when recipients leave the queue.

-- Whom recipient `number` is, in the audience. seed: an address of ours that is in no figure.
CREATE TABLE IF NOT EXISTS person (
    number  INTEGER PRIMARY KEY,
    contact INTEGER NOT NULL,
    child   INTEGER NOT NULL,
    seed    INTEGER NOT NULL
);

-- Who was meant and gets nothing, and why.
CREATE TABLE IF NOT EXISTS excluded (
    id      INTEGER PRIMARY KEY,
    contact INTEGER NOT NULL,
    child   INTEGER NOT NULL,
    address TEXT NOT NULL,
    cause   TEXT NOT NULL
);

-- All rows of the journal are of one message here. To ask for one recipient write `+message = ?`, or this is not used.
CREATE INDEX IF NOT EXISTS journal_number ON journal (number);

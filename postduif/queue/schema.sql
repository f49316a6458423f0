-- The queue file, version 2. Times are seconds since the epoch (UTC), sizes are octets, unknown text is ''.
-- Read it as you like while the daemon runs (`sqlite3 -readonly`, sqlite-utils, Datasette); write through `postduif queue`.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;

-- One row per scheduled queue: what goes to one domain in one stream.
CREATE TABLE scheduled_queue (
    id     INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    domain TEXT NOT NULL,
    UNIQUE (stream, domain)
);

-- The content of messages. A message usually owns the body of its own id; `message.body` lets several share one.
CREATE TABLE body (
    id      INTEGER PRIMARY KEY,
    content BLOB NOT NULL
);

-- One envelope, without its recipients.
CREATE TABLE message (
    id           INTEGER PRIMARY KEY,
    body         INTEGER NOT NULL,
    sender       TEXT NOT NULL,
    stream       TEXT NOT NULL,
    received_at  REAL NOT NULL,
    before_queue REAL NOT NULL,
    expires_at   REAL NOT NULL,
    envid        TEXT NOT NULL,
    ret          TEXT NOT NULL,
    origin       TEXT NOT NULL,
    size         INTEGER NOT NULL,
    message_id   TEXT NOT NULL,
    header_from  TEXT NOT NULL,
    eight_bit    INTEGER NOT NULL,
    smtputf8     INTEGER NOT NULL,
    bulk         INTEGER NOT NULL
);

-- id = message.id * 2^24 + n, so that the recipients of a message are a range of ids and need no index of their own.
-- hold: 0 free, else hold.id; -1 withdrawn, and removed as soon as nobody is delivering it. merge: the values that the
-- content, a template then, is merged with for this recipient, as JSON; '' when the content goes out as it is.
CREATE TABLE recipient (
    id            INTEGER PRIMARY KEY,
    queue         INTEGER NOT NULL,
    address       TEXT NOT NULL,
    orcpt         TEXT NOT NULL,
    notify        INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    due           REAL NOT NULL,
    hold          INTEGER NOT NULL,
    last_code     INTEGER NOT NULL,
    last_enhanced TEXT NOT NULL,
    last_text     TEXT NOT NULL,
    last_remote   TEXT NOT NULL,
    merge         TEXT NOT NULL
);
CREATE INDEX recipient_due ON recipient (queue, due) WHERE hold = 0;
CREATE INDEX recipient_held ON recipient (hold, queue) WHERE hold <> 0;

-- The message leaves with its last recipient, and its body with it.
CREATE TRIGGER recipient_gone AFTER DELETE ON recipient
WHEN NOT EXISTS (SELECT 1 FROM recipient WHERE id BETWEEN OLD.id >> 24 << 24 AND OLD.id | 16777215)
BEGIN
    DELETE FROM message WHERE id = OLD.id >> 24;
    DELETE FROM body WHERE id = OLD.id >> 24;
END;

-- Who stopped what. covers: 'queues' holds whole scheduled queues of that stream and domain ('' is any), with what
-- comes later; 'recipients' holds the recipient rows that carry its id.
CREATE TABLE hold (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    covers    TEXT NOT NULL,
    stream    TEXT NOT NULL,
    domain    TEXT NOT NULL,
    owner     TEXT NOT NULL,
    reason    TEXT NOT NULL,
    placed_at REAL NOT NULL,
    until     REAL
);

-- One row per attempt, written in the transaction that settles the recipient. Ids are never used twice. What comes back
-- later, by mail, has rows too. number: the recipient's own, of those of its message. category: what the reply means.
-- command: MAIL, RCPT, DATA or content, which a reply that is not positive answers; '' when it answers none of these.
CREATE TABLE journal (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           REAL NOT NULL,
    message      INTEGER NOT NULL,
    recipient    TEXT NOT NULL,
    sender       TEXT NOT NULL,
    stream       TEXT NOT NULL,
    domain       TEXT NOT NULL,
    kind         TEXT NOT NULL,
    attempt      INTEGER NOT NULL,
    code         INTEGER NOT NULL,
    enhanced     TEXT NOT NULL,
    text         TEXT NOT NULL,
    remote_mta   TEXT NOT NULL,
    site         TEXT NOT NULL,
    source       TEXT NOT NULL,
    host         TEXT NOT NULL,
    tls          TEXT NOT NULL,
    before_queue REAL NOT NULL,
    in_queue     REAL NOT NULL,
    connect      REAL NOT NULL,
    transmit     REAL NOT NULL,
    size         INTEGER NOT NULL,
    message_id   TEXT NOT NULL,
    number       INTEGER NOT NULL,
    category     TEXT NOT NULL,
    command      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX journal_at ON journal (at);
CREATE INDEX journal_message ON journal (message);
-- In blocks of 1024 rows, so that new rows go into few pages however long the journal is. To ask by recipient, go from
-- block to block; docs/queue.md has the query.
CREATE INDEX journal_recipient ON journal (id >> 10, recipient COLLATE NOCASE);

-- For people: what waits, with times that can be read.
CREATE VIEW waiting AS
SELECT r.id >> 24 AS message, m.stream, r.address AS recipient, m.sender, r.attempts,
       datetime(m.received_at, 'unixepoch') AS received, datetime(r.due, 'unixepoch') AS due,
       datetime(m.expires_at, 'unixepoch') AS expires,
       CASE WHEN r.last_code THEN trim(r.last_code || ' ' || r.last_enhanced || ' ' || r.last_text) ELSE '' END AS last_reply,
       h.owner AS held_by, h.reason AS held_because, m.size, m.message_id
FROM recipient r JOIN message m ON m.id = r.id >> 24 LEFT JOIN hold h ON h.id = r.hold;

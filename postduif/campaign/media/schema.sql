-- Pictures. The octets of each are in data_dir/campaign/media, by hash and kind; a row is written after its file.

CREATE TABLE picture (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    hash   TEXT NOT NULL UNIQUE,
    name   TEXT NOT NULL COLLATE NOCASE,
    alt    TEXT NOT NULL,
    kind   TEXT NOT NULL,
    width  INTEGER NOT NULL,
    height INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    at     REAL NOT NULL,
    who    TEXT NOT NULL
);

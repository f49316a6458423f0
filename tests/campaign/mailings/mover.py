"""A process that does things to mailings without end, and says of each change when it is on disk: to be killed."""

from __future__ import annotations

import random
import sqlite3
import sys
from pathlib import Path

from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.listing import found
from tests.campaign.mailings.moves import some
from tests.campaign.mailings.records import DRAFT, NEWEST, NOW, a_draft, by

WAITS = [0, 0, 0, 1800, 1800, 7200]
"""Seconds between two steps."""


def step(connection: sqlite3.Connection, chance: random.Random, now: float) -> bool:
    """Do something to one of the last mailings, or make one. False: it was refused."""
    (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM mailing").fetchone()
    mailing = found(connection, chance.randint(max(1, last - 1), max(1, last)))
    try:
        if mailing and chance.random() < 0.97:
            some(chance, mailing)(connection, mailing, by(now=now))
        else:
            a_draft(connection, chance.choice([DRAFT, NEWEST]))
    except MailingFault:
        return False
    return True


def move(data_dir: Path, seed: int) -> None:
    """Never returns."""
    chance, now = random.Random(seed), NOW
    with mailings(data_dir) as connection:
        while True:
            now += chance.choice(WAITS)
            if step(connection, chance, now):
                print(connection.execute("SELECT max(id) FROM history").fetchone()[0], flush=True)


if __name__ == "__main__":
    move(Path(sys.argv[1]), int(sys.argv[2]))

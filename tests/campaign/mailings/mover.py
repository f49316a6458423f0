"""A process that does things to mailings without end, and says of each change when it is on disk: to be killed."""

from __future__ import annotations

import contextlib
import random
import sys
from pathlib import Path

from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.listing import found
from tests.campaign.mailings.moves import OTHERS, PLAIN
from tests.campaign.mailings.records import DRAFT, NEWEST, NOW, a_draft, by


def move(data_dir: Path, seed: int) -> None:
    """Never returns."""
    chance, now = random.Random(seed), NOW
    moves = [*PLAIN.values(), *OTHERS, *OTHERS]
    with mailings(data_dir) as connection:
        while True:
            (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM mailing").fetchone()
            mailing = found(connection, chance.randint(max(1, last - 9), last + 1))
            now += chance.choice([60, 3600, 40000])
            with contextlib.suppress(MailingFault):
                if mailing:
                    chance.choice(moves)(connection, mailing, by(now=now))
                else:
                    a_draft(connection, chance.choice([DRAFT, NEWEST]))
                (event,) = connection.execute("SELECT max(id) FROM history").fetchone()
                print(event, flush=True)


if __name__ == "__main__":
    move(Path(sys.argv[1]), int(sys.argv[2]))

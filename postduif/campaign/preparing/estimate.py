"""How many a target means, before anything is prepared: quick for any size, and with causes where that is quick too."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.audience.gathering import Gathered, Spec, gather
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.target import target

MOST = 20_000
"""People who are judged one by one, which takes some 0.1 s."""


class Estimate(NamedTuple):
    """As it would be now."""

    gathered: Gathered
    excluded: Mapping[str, int] | None
    """By cause; None: there are too many to look at each."""
    to_deliver: int | None
    """Mails; of child records, where the mailing goes to these. None: the same."""


def estimate(people: sqlite3.Connection, data_dir: Path, spec: Spec, now: float) -> Estimate:
    """Count. Raises PostduifError for a target that cannot be."""
    gathered = gather(people, data_dir, spec, now)
    if gathered.people > MOST:
        return Estimate(gathered, None, None)
    with suppression_link(data_dir) as link:
        causes = Counter(one.cause for one in target(people, data_dir, link, spec, now).recipients(()))
    return Estimate(gathered, {cause: count for cause, count in causes.most_common() if cause}, causes[""])


def nth(people: sqlite3.Connection, data_dir: Path, spec: Spec, now: float, place: int) -> tuple[int, int]:
    """The contact in that place (from 0) of those it means, and how many there are. Raises PostduifError.

    Beyond the last it is the last; the contact is 0 when nobody is meant.
    """
    count = gather(people, data_dir, spec, now).people
    query = "SELECT id FROM temp.target_member ORDER BY id LIMIT 1 OFFSET ?"
    found = people.execute(query, (max(0, min(place, count - 1)),)).fetchone()
    return (int(found[0]) if found else 0), count

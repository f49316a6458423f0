"""The mailing that is measured, and the people it goes to: HTML of 57 KB, 20 values a person, one in 20 suppressed.

The same people and the same values each time, so that runs can be compared, and so that the usual way sends what we do.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

from bench import merge
from bench.audience import SUPPRESSED, suppress
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.import_plan import Options, digest, plan
from postduif.campaign.audience.importing import Import
from postduif.campaign.audience.sheet import open_sheet
from postduif.campaign.audience.subscriptions import SubscriptionType, save_type
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.content.draft import Draft
from postduif.campaign.database import transaction
from postduif.mta.merge.content import Mailbox

VALUES = 20
DOMAIN = "sender.example"
SENDER = f"news@{DOMAIN}"
TYPE = "news"
"""The type of mail; everybody agreed to it."""
SUBJECT = "News for {{ customer.value_0 }}"
HTML = merge.page(VALUES)
TEXT = "".join(f"Dear {{{{ {name} }}}},\n" for name in merge.NAMES[:8])
_LARGE, _SMALL = 5, 2000  # domains; half of all people are at the large ones
_SPREAD = 2_654_435_761  # a prime: neighbours are of different domains


def people_for(recipients: int) -> int:
    """How many people it takes so that so many of them are written to."""
    people = recipients
    while people - -(-people // SUPPRESSED) < recipients:
        people += 1
    return people


def address(number: int) -> str:
    """Of one person."""
    spread = number * _SPREAD % (1 << 32) >> 8
    domain = f"large{spread % _LARGE}" if spread & 1024 else f"host{spread % _SMALL}"
    return f"user.{number}@{domain}.example"


def values(number: int) -> dict[str, str]:
    """What is known of one person, by name. Each column has all kinds of text in it."""
    row = merge.row(number)
    names = merge.NAMES[:VALUES]
    first = number % VALUES
    return {name.partition(".")[2]: str(row[names[(first + place) % VALUES]]) for place, name in enumerate(names)}


def draft() -> Draft:
    """The content, as somebody writes it."""
    return Draft(
        SUBJECT, Mailbox(SENDER, "Pigeon news"), body=HTML, text=TEXT, list_id=f"news.{DOMAIN}", list_name="Pigeon news"
    )


def take_in(data_dir: Path, people: int, scratch: Path) -> None:
    """Put so many people into the audience of a new installation. `scratch` gets a file, for as long as it takes."""
    suppress(data_dir, (address(number) for number in range(0, people, SUPPRESSED)))
    path = scratch / "people.csv"
    _write(path, people)
    options = Options(new_attributes=True, subscribe=TYPE, wording="measured")
    with audience(data_dir) as connection, suppression_link(data_dir) as link:
        with transaction(connection):
            save_type(connection, SubscriptionType(TYPE, "Pigeon news", "", everybody=False, confirm=False))
        work = Import(connection, link, plan(connection, open_sheet(path), options), options, time.time)
        for _ in work.run(path.name, digest(path, options)):
            pass
    path.unlink()


def _write(path: Path, people: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["email", *values(0)])
        writer.writerows([address(number), *values(number).values()] for number in range(people))

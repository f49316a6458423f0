"""The people whom the mailing that is measured goes to: all agreed to it, and one in twenty is suppressed."""

from __future__ import annotations

import csv
import time
from pathlib import Path

from bench.audience import SUPPRESSED, suppress
from bench.newsletter import address, values
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.import_plan import Options, digest, plan
from postduif.campaign.audience.importing import Import
from postduif.campaign.audience.sheet import open_sheet
from postduif.campaign.audience.subscriptions import SubscriptionType, save_type
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.database import transaction

TYPE = "news"
"""The type of mail."""


def people_for(recipients: int) -> int:
    """How many people it takes so that so many of them are written to."""
    people = recipients
    while people - -(-people // SUPPRESSED) < recipients:
        people += 1
    return people


def take_in(data_dir: Path, people: int, scratch: Path) -> None:
    """Put so many people into the audience of a new installation. `scratch` gets a file, for as long as it takes."""
    suppress(data_dir, (address(number) for number in range(0, people, SUPPRESSED)))
    path = scratch / "people.csv"
    _write(path, people)
    options = Options(new_attributes=True, subscribe=TYPE, wording="measured")
    with audience(data_dir) as connection, suppression_link(data_dir) as link:
        with transaction(connection):
            save_type(connection, SubscriptionType(TYPE, "Pigeon news", "", everybody=False, confirm=False))
        planned = plan(connection, open_sheet(path), options)
        work = Import(connection, link, planned, options, time.time)
        for _ in work.run(path.name, digest(path, options, planned.sheet.described)):
            pass
    path.unlink()


def _write(path: Path, people: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["email", *values(0)])
        writer.writerows([address(number), *values(number).values()] for number in range(people))

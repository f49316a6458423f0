"""A mailing as one person would see it, for who looks at it in a browser: nothing in it is tracked or sent for."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from email.utils import formatdate
from typing import NamedTuple

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import find
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.content.inline_images import with_images
from postduif.campaign.content.preview import Preview, preview
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.preparing.composition import compose, draft_of
from postduif.campaign.preparing.specimen import Somebody, somebody
from postduif.config.schema import Config
from postduif.mta.merged import by_key


class Seen(NamedTuple):
    """What that person would get."""

    whom: Somebody
    contact: int | None
    preview: Preview
    warnings: tuple[str, ...]


def seen_by(
    connection: sqlite3.Connection, config: Config, mailing: Mailing, who: str, now: float, *, marked: bool = False
) -> Seen:
    """As `who` (an address or #ID) would get it; "" is the first who would. Raises PostduifError.

    Its date is the one that it goes at, or now. `marked`: with the name of a variable where its emptiness leaves a
    hole.
    """
    whom, contact = found_as(config, mailing, who, now)
    draft = replace(draft_of(connection, mailing), tracking="none")  # who looks at it leaves no trace
    composed = compose(draft, mailing, config, whom.names)
    values = {**whom.values, "date": formatdate(mailing.next or now)}
    found = preview(composed, values)
    if marked and found.empty:
        holes = by_key(found.empty, [f"\u27e6{name}\u27e7" for name in found.empty])
        found = preview(composed, {**values, **holes})
    return Seen(whom, contact, found._replace(html=with_images(found.html, draft.attachments)), composed.warnings)


def found_as(config: Config, mailing: Mailing, who: str, now: float) -> tuple[Somebody, int | None]:
    """That person as the mailing sees them, and which contact it is. Raises PostduifError."""
    data_dir = config.server.data_dir
    with audience(data_dir) as people, suppression_link(data_dir) as link:
        whom = somebody(people, link, config, mailing, who, now)
        return whom, find(people, whom.address)

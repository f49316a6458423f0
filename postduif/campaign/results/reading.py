"""How a mailing was read, beside how it was delivered: each figure with what it is a share of, as in `figures`.

Each is there without machines, which is what people did, and with them. What is taken for a machine, and what is not
counted at all, is in docs/tracking.md.
"""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from postduif.campaign.forms import responses
from postduif.campaign.results.doing import numbers_who
from postduif.campaign.results.figures import Definition
from postduif.campaign.results.states import Did
from postduif.campaign.results.tally import Source, Tally
from postduif.campaign.tracking import figures as tracking
from postduif.campaign.tracking.figures import OfHour, OfLink
from postduif.campaign.tracking.links import TrackedLink, links_of


class Reading(NamedTuple):
    """Of one mailing."""

    delivered: int
    """As in its figures, which this is read beside."""
    opened: int
    clicked: int
    viewed: int
    responded: int
    opened_with_machines: int
    clicked_with_machines: int
    opens: int
    clicks: int
    opens_with_machines: int
    clicks_with_machines: int
    machines: dict[str, int]
    """Visits of machines, by why they are taken for that."""
    links: tuple[OfLink, ...]
    hours: tuple[OfHour, ...]

    @property
    def clicked_of_opened(self) -> int:
        """The clicked, once more, to be seen against those who opened."""
        return self.clicked


DEFINITIONS = (
    Definition("opened", "delivered", "Different people who opened it or followed a link, without machines."),
    Definition("clicked", "delivered", "Different people who followed a link, without machines."),
    Definition("clicked_of_opened", "opened", "The clicked, out of those who opened, of whom they are part."),
    Definition("viewed", "delivered", "Different people who read it as a web page."),
    Definition("responded", "delivered", "Different people who answered a form that it led to."),
    Definition(
        "opened_with_machines", "delivered", "Different recipients for whom it was opened or followed, by whomever."
    ),
    Definition("clicked_with_machines", "delivered", "Different recipients whose links were followed, by whomever."),
    Definition("opens", "", "How often people saw its images."),
    Definition("clicks", "", "How often people followed a link."),
    Definition("opens_with_machines", "", "How often its images were seen, by whomever."),
    Definition("clicks_with_machines", "", "How often a link was followed, by whomever."),
)


class LinkResult(NamedTuple):
    """One link of the mail, and how often it was followed."""

    link: int
    label: str
    url: str
    part: str
    """html or text."""
    line: int
    clickers: int
    clicks: int
    clickers_with_machines: int
    clicks_with_machines: int


def reading(source: Source, delivered: int) -> Reading:
    """Of this moment; `delivered` as in the figures. Raises StoreError."""
    found = tracking.figures(*source)
    return Reading(
        delivered,
        found.human.openers,
        found.human.clickers,
        found.human.viewers,
        responses.count(*source),
        found.all.openers,
        found.all.clickers,
        found.human.opens,
        found.human.clicks,
        found.all.opens,
        found.all.clicks,
        found.machines,
        found.links,
        found.hours,
    )


def link_results(source: Source, read: Reading) -> list[LinkResult]:
    """Every link that is tracked, in its order in the mail, also those that nobody followed. Raises StoreError."""
    counted = {one.link: one for one in read.links}
    known = {one.number: one for one in links_of(*source)}
    return [
        _result(number, known.get(number), counted.get(number, OfLink(number, 0, 0, 0, 0)))
        for number in sorted(known | counted)
    ]


def is_tracked(connection: sqlite3.Connection, source: Source) -> bool:
    """Whether its mail was written so that anything of it can be counted."""
    if links_of(*source):
        return True
    row = connection.execute(
        "SELECT instr(content, 'link_token}}.gif') + instr(content, 'link_token }}.gif') FROM body"
    )
    return any(place for (place,) in row)


def _result(number: int, link: TrackedLink | None, counted: OfLink) -> LinkResult:
    told = (link.label, link.url, link.part, link.line) if link else ("", "", "", 0)
    return LinkResult(number, *told, counted.human_clickers, counted.human_clicks, counted.clickers, counted.clicks)


class ReadAt(NamedTuple):
    """Different people of one domain, without machines."""

    domain: str
    opened: int
    clicked: int


def by_domain(tally: Tally) -> dict[str, ReadAt]:
    """The domains where somebody opened or clicked. Who still waits is at none. Raises StoreError."""
    if tally.source is None:
        return {}
    opened, clicked = (_at_domains(tally, list(numbers_who(tally, did, 0, -1))) for did in (Did.OPENED, Did.CLICKED))
    return {name: ReadAt(name, opened.get(name, 0), clicked.get(name, 0)) for name in opened | clicked}


def _at_domains(tally: Tally, numbers: list[int]) -> dict[str, int]:
    rows = [row for number in numbers if (row := tally.row_of(number))]
    return dict(tally.connection.execute(_AT_DOMAINS, (json.dumps(rows),)).fetchall())


_AT_DOMAINS = "SELECT domain, count(*) FROM journal WHERE id IN (SELECT value FROM json_each(?)) GROUP BY domain"

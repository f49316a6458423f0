"""The tabs of a mailing, as one table, and what each page of a mailing shows above its own: name, state, buttons, tabs.

A page of a tab has a template that extends `mailing/layout.html` and fills its block `tab`; it answers with `tab_page`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi import Request
from starlette.responses import Response

from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.web.mailing_offers import offers
from postduif.campaign.web.page import render
from postduif.campaign.web.visitor import Visitor


class Tab(NamedTuple):
    """One page of a mailing."""

    title: str
    path: str
    """Below /mailings/NUMBER; "" is the mailing's own page."""


TABS = (
    Tab("Summary", ""),
    Tab("Content", "content"),
    Tab("Statistics", "statistics"),
    Tab("Deliveries", "deliveries"),
    Tab("Exclusions", "exclusions"),
    Tab("Causes", "causes"),
    Tab("Links", "links"),
    Tab("Bounces", "bounces"),
    Tab("Proofs", "proofs"),
    Tab("Logs", "logs"),
    Tab("Audit", "audit"),
)


def mailing_of(who: Visitor, number: int) -> Mailing:
    """The mailing of that number. Raises NoSuchMailing, which becomes a page with 404."""
    with mailings(who.desk.data_dir) as connection:
        return find(connection, number)


def tab_page(
    request: Request, who: Visitor, mailing: Mailing, template: str, status: int = 200, **values: Any
) -> Response:
    """A page of that mailing. Its template knows `mailing`, `tabs`, `here` (the tab) and `offers`, besides `values`."""
    here = request.url.path.removeprefix(f"/mailings/{mailing.number}").strip("/").partition("/")[0]
    given = {"mailing": mailing, "tabs": TABS, "here": here, "offers": offers(mailing, who)}
    return render(request, template, status, **(given | values))

"""What pages of results share: what is asked, the kept tally of its mailing, what is shown without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.responses import Response

from postduif.campaign.mailings.record import Mailing
from postduif.campaign.results.kept import Kept
from postduif.campaign.results.opening import NoResults
from postduif.campaign.web.pages.mailing_tabs import mailing_of, tab_page
from postduif.campaign.web.visitor import Visitor
from postduif.campaign.web.whom import Asked, asked_for

_Text = Annotated[str, Query(max_length=300)]


def _asked(state: _Text = "", domain: _Text = "", cause: _Text = "", did: _Text = "", link: _Text = "") -> Asked:
    return asked_for(state, domain, cause, did, link)


Filtered = Annotated[Asked, Depends(_asked)]


def result_page(
    request: Request,
    who: Visitor,
    number: int,
    template: str,
    look: Callable[[Mailing, Kept], dict[str, Any]],
    status: int = 200,
) -> Response:
    """A page of what `look` finds; one that says what to do first when the mailing has no results yet."""
    mailing = mailing_of(who, number)
    try:
        with who.desk.tallies.of(number) as kept:
            values = look(mailing, kept)
    except NoResults:
        return tab_page(request, who, mailing, "mailing/no_results.html")
    return tab_page(request, who, mailing, template, status, **values)

"""What pages of results share: whom a list is about, the kept tally of its mailing, what is shown without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from starlette.responses import Response

from postduif.address import parse_domain
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.results.kept import Kept
from postduif.campaign.results.opening import NoResults
from postduif.campaign.results.people import Which
from postduif.campaign.results.states import Did, State
from postduif.campaign.web.pages.mailing_tabs import mailing_of, tab_page
from postduif.campaign.web.visitor import Visitor
from postduif.errors import AddressError, PostduifError

NAMES = ("state", "domain", "cause", "did", "link")
STATES = tuple(state.value for state in State)
DEEDS = tuple(did.value for did in Did)


class Asked(NamedTuple):
    """Whom a list is about, as it was asked."""

    which: Which
    fields: dict[str, str]
    """What was filled in, by name; nothing that is empty."""

    @property
    def query(self) -> str:
        """For addresses; "" for everybody."""
        return urlencode(self.fields)


def asked_for(state: str = "", domain: str = "", cause: str = "", did: str = "", link: str = "") -> Asked:
    """Raises PostduifError for what there is not."""
    given = {"state": state, "domain": domain.strip(), "cause": cause.strip(), "did": did, "link": link.strip()}
    fields = {name: text for name, text in given.items() if text and text != "0"}
    for text, choices, what in ((state, STATES, "state"), (did, DEEDS, "deed")):
        if text and text not in choices:
            raise PostduifError(f"There is no {what} {text[:50]!r}; choose one of the list.")
    try:
        at = parse_domain(given["domain"].removeprefix("@").rstrip(".")) if given["domain"] else ""
    except AddressError as error:
        raise PostduifError(f"{error}; write the domain as example.com") from None
    number = fields.get("link", "0")
    if not number.isdecimal() or len(number) > 6:
        raise PostduifError("A link is named by its number, as on the page of links.")
    deed = Did(did) if did else None
    if int(number) and deed not in (Did.CLICKED, Did.NOT_CLICKED):
        raise PostduifError("Choose clicked or not clicked beside the link.")
    return Asked(Which(State(state) if state else None, at, given["cause"], deed, int(number)), fields)


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

"""Whom a list of results is about, as it is asked on the pages and by the API: one reading, which refuses nonsense."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from postduif.address import parse_domain
from postduif.campaign.results.people import Which
from postduif.campaign.results.states import Did, State
from postduif.errors import AddressError, PostduifError

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

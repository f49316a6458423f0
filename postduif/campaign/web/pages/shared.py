"""The figures of one mailing for whoever has an address to them (`accounts.shares`): read-only, without persons.

Nobody signs in here, so it is bounded how often one network address may ask, and every secret that is wrong gets the
same page.
"""

from __future__ import annotations

import threading
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from postduif.campaign.accounts import shares
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.public.rates import Rates
from postduif.campaign.public.request import household
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import part
from postduif.campaign.web.summary import summary
from postduif.campaign.web.visitor import OfDesk
from postduif.errors import PostduifError

router = APIRouter(prefix="/shared")

ASKED = 60
"""Times that one network address may ask within SPAN."""
SPAN = 60.0  # seconds
HEADERS = {
    "x-robots-tag": "noindex, nofollow, noarchive",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Doors:
    """Who asks how often. For any number of threads."""

    def __init__(self, desk: Desk) -> None:
        self._rates = Rates(ASKED, SPAN, desk.clock.monotonic)
        self._lock = threading.Lock()

    def opens(self, address: str) -> bool:
        """Count one more; False: that is too often."""
        with self._lock:
            return self._rates.allows(address)


@router.get("/{text}")
def shared(request: Request, desk: OfDesk, text: str, span: Literal["first", "all"] = "first") -> Response:
    """The summary; a page that says that there is none, for everything else."""
    doors: Doors = request.app.state.doors
    if not doors.opens(household(request.client.host if request.client else "")):
        return _page(desk, 429, title="Too fast", text="Wait a minute, and load it again.")
    with desk.accounts() as connection:
        share = shares.shared(connection, text, desk.clock.time())
    if share is None:
        return _page(desk, 404, title="Not here", text="This address shows nothing, or nothing any more.")
    try:
        with mailings(desk.data_dir) as connection:
            mailing = find(connection, share.mailing)
        with desk.tallies.of(share.mailing) as kept:
            values = summary(desk, mailing, kept, span)
    except PostduifError:  # whatever it is, it is none of theirs
        return _page(desk, 404, title="Not here", text="There are no figures of this mailing now.")
    return _page(desk, 200, title=mailing.draft.name, text="", mailing=mailing, share_=share, **values)


def _page(desk: Desk, status: int, **values: Any) -> Response:
    given: dict[str, Any] = {"who": None, "path": "", "csrf": "", "told": [], "rooms": [], "room": None}
    return HTMLResponse(part("shared.html", **given, now=desk.clock.time(), **values), status, HEADERS)

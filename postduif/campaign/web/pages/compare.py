"""Up to five mailings beside one another: the same figures, with the same denominators."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import Entry, Filter, find, listed
from postduif.campaign.mailings.record import Mailing, State
from postduif.campaign.results.figures import Figures, Line, figures_of, lines
from postduif.campaign.results.opening import NoResults
from postduif.campaign.results.reading import DEFINITIONS, Reading, reading
from postduif.campaign.results.tally import Source
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render
from postduif.campaign.web.plot import Bar, bars, key
from postduif.campaign.web.visitor import Looking, OfDesk

router = APIRouter(prefix="/compare")

MOST = 5
OFFERED = 50
SENT = (State.SENDING, State.PAUSED, State.STOPPING, State.STOPPED, State.FINISHED)
_FIGURES = ("targeted", "to_deliver", "delivered", "bounced", "failed", "unsubscribed", "complained")
_DRAWN = ("opened", "clicked", "clicked_of_opened")


class Compared(NamedTuple):
    """One column."""

    mailing: Mailing
    figures: Figures
    read: Reading
    lines: dict[str, Line]


@router.get("")
def compare(
    request: Request, desk: OfDesk, _: Looking, n: Annotated[list[int] | None, Query(max_length=20)] = None
) -> Response:
    """The table and the plot; and a list to choose from."""
    numbers = list(dict.fromkeys(n or []))
    wrong = f"{MOST} mailings fit beside one another; take some away." if len(numbers) > MOST else ""
    found, missing = _compared(desk, [] if wrong else numbers)
    with mailings(desk.data_dir) as connection:
        offered: list[Entry] = listed(connection, Filter(SENT, limit=OFFERED))
    rows = [
        Bar(name.replace("_", " "), [100 * (one.lines[name].share or 0) for one in found]) for name in _DRAWN if found
    ]
    told = "; ".join(
        f"{one.mailing.draft.name}: {one.read.opened} opened and {one.read.clicked} clicked of {one.read.delivered}"
        for one in found
    )
    return render(
        request,
        "compare.html",
        422 if wrong else 200,
        found=found,
        missing=missing,
        chosen=numbers,
        offered=offered,
        names=(*_FIGURES, *(one.name for one in DEFINITIONS)),
        plot=bars("Opened and clicked, in percent", told, rows, "compare"),
        key=key([f"{one.mailing.number} {one.mailing.draft.name}" for one in found]),
        wrong=wrong,
        most=MOST,
    )


def _compared(desk: Desk, numbers: list[int]) -> tuple[list[Compared], list[Mailing]]:
    """Those with results, and those without."""
    with mailings(desk.data_dir) as connection:
        meant = [find(connection, number) for number in numbers]
    found, missing = [], []
    for mailing in meant:
        try:
            with desk.tallies.of(mailing.number) as kept:
                figures = figures_of(kept.tally)
        except NoResults:
            missing.append(mailing)
            continue
        read = reading(Source(desk.data_dir, mailing.number), figures.delivered)
        both = {line.name: line for line in (*lines(figures), *lines(read, DEFINITIONS))}
        found.append(Compared(mailing, figures, read, both))
    return found, missing

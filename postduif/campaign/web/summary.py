"""The figures of a mailing with their plots, without persons: for its statistics, and for whom it is shared with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from markupsafe import Markup

from postduif.campaign.mailings.record import Mailing
from postduif.campaign.results import curves
from postduif.campaign.results.figures import figures_of, lines
from postduif.campaign.results.kept import Kept
from postduif.campaign.results.reading import DEFINITIONS, Reading, is_tracked, link_results, reading
from postduif.campaign.results.spread import over_time
from postduif.campaign.results.tally import Source
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.plot import Series, key
from postduif.campaign.web.plot import curves as drawn
from postduif.campaign.web.wording import plural

NAMES = ("targeted", "excluded", "to_deliver", "pending", "delivered", "bounced", "failed", "expired", "suppressed",
         "withdrawn", "complained", "unsubscribed", "answered")  # fmt: skip
"""Figures that the table has; those of them that are 0 are left out, but for the first."""
ALWAYS = frozenset({"targeted", "excluded", "to_deliver", "delivered", "failed", "complained", "unsubscribed"})


def summary(desk: Desk, mailing: Mailing, kept: Kept, span: Literal["first", "all"]) -> dict[str, Any]:
    """What the template `parts/summary.html` needs. Raises StoreError."""
    source = Source(desk.data_dir, mailing.number)
    figures = figures_of(kept.tally)
    read = reading(source, figures.delivered)
    tracked = bool(read.opens_with_machines or read.clicks_with_machines) or is_tracked(kept.tally.connection, source)
    begun = mailing.run.started or 0.0
    long = (mailing.run.ended or desk.clock.time()) - begun
    seconds = min(long, curves.FIRST) if span == "first" else desk.clock.time() - begun
    width = curves.width_of(seconds)
    ended = curves.ended(kept.made(f"ended {width}", partial(over_time, width=width)), max(seconds, width))
    hours = curves.read(read.hours, begun, curves.FIRST if span == "first" else desk.clock.time() - begun + 3600)
    shown = [line for line in lines(figures) if line.name in NAMES and (line.value or line.name in ALWAYS)]
    return {
        "figures": figures,
        "read": read,
        "tracked": tracked,
        "lines": shown,
        "reading_lines": lines(read, DEFINITIONS),
        "links": link_results(source, read),
        "span": span,
        "ended": ended,
        "ended_plot": _ended(ended),
        "ended_key": key(("delivered", "refused, bounced or expired", "suppressed or withdrawn")),
        "hours": hours,
        "hours_plot": _read(hours, read),
        "hours_key": key(("opens", "clicks")),
    }


def _ended(rows: Sequence[curves.Ended]) -> Markup:
    most = max(rows, key=lambda one: one.delivered, default=None)
    told = "Nothing has ended yet."
    if most is not None:
        told = f"{plural(sum(one.delivered for one in rows), 'mail')} delivered, most at once {most.delivered}."
    series = [
        Series("delivered", [one.delivered for one in rows]),
        Series("returned", [one.returned for one in rows]),
        Series("other", [one.other for one in rows]),
    ]
    return drawn("Deliveries over time", told, [one.start for one in rows], series, "ended")


def _read(rows: Sequence[curves.Read], read: Reading) -> Markup:
    told = f"{plural(read.opens, 'open')} and {plural(read.clicks, 'click')} by people in all."
    series = [Series("opens", [one.opens for one in rows]), Series("clicks", [one.clicks for one in rows])]
    return drawn("Opens and clicks over time", told, [one.start for one in rows], series, "hours")

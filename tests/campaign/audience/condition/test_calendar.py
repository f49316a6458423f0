"""Days that are counted from today."""

from __future__ import annotations

import datetime

import pytest

from postduif.campaign.audience.condition.calendar import day_of, number_of
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.condition.tree import Moment

TODAY = datetime.date(2026, 3, 31)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (Moment(), "2026-03-31"),
        (Moment(days=-31), "2026-02-28"),
        (Moment(months=-1), "2026-02-28"),
        (Moment(months=-25), "2024-02-29"),
        (Moment(days=1, months=-1), "2026-03-01"),
        (Moment(months=12 * 100), "2126-03-31"),
    ],
)
def test_day(moment: Moment, day: str) -> None:
    """Months end on their last day, and days are counted after them."""
    assert day_of(moment, TODAY).isoformat() == day


@pytest.mark.parametrize("moment", [Moment(months=-12 * 3000), Moment(months=12 * 99999), Moment(days=-99999 * 31)])
def test_beyond(moment: Moment) -> None:
    """A day that no calendar has is a fault."""
    with pytest.raises(ConditionFault, match="beyond every calendar"):
        day_of(moment, TODAY)


def test_number() -> None:
    """A part of a day is a number."""
    assert [number_of(Moment(months=1, part=part), TODAY) for part in ("year", "month", "day")] == [2026, 4, 30]

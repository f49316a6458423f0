"""The form that says when a mailing goes."""

from __future__ import annotations

import datetime

import pytest

from postduif.campaign.mailings.fault import ScheduleFault
from postduif.campaign.mailings.schedule import judge
from postduif.campaign.web.schedule_form import shown, taken
from tests.campaign.mailings.records import DAILY

AT = {"at": "2026-12-01T09:00", "zone": "Europe/Amsterdam"}
NOW = datetime.datetime(2026, 11, 22, 23, 30, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({}, ""),
        ({"frequency": "daily", "interval": "2"}, "FREQ=DAILY;INTERVAL=2"),
        ({"frequency": "weekly", "days": ["TU", "FR"]}, "FREQ=WEEKLY;INTERVAL=1;BYDAY=TU,FR"),
        ({"frequency": "monthly", "month_days": "1, -1"}, "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=1,-1"),
        ({"frequency": "monthly", "month_days": "1MO"}, "FREQ=MONTHLY;INTERVAL=1;BYDAY=1MO"),
        ({"frequency": "yearly", "until": "2030-01-01"}, "FREQ=YEARLY;INTERVAL=1;UNTIL=20300101"),
        ({"frequency": "weekly", "rule": "FREQ=DAILY"}, "FREQ=DAILY"),
    ],
)
def test_rules(fields: dict[str, object], rule: str) -> None:
    """Simple choices become a rule that can be meant; one that is written out counts before them."""
    found = taken(AT | fields)
    judge(found)
    assert found.rule == rule


def test_what_is_shown_is_read_back() -> None:
    """A schedule goes through the form unchanged; without one the next hour is offered."""
    when = DAILY._replace(iterations=3, exceptions=(datetime.date(2026, 12, 25),), grace=7200.0)
    assert taken(shown(when, "UTC", NOW)) == when
    assert shown(None, "UTC", NOW)["at"] == "2026-11-23T00:00"


@pytest.mark.parametrize(
    "fields", [{"at": "soon"}, {"times": "many"}, {"exceptions": "Christmas"}, {"frequency": "daily", "interval": "x"}]
)
def test_nonsense(fields: dict[str, object]) -> None:
    """What cannot be read is refused with how to write it."""
    with pytest.raises(ScheduleFault):
        taken(AT | fields)

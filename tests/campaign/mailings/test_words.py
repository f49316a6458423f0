"""What people write of a mailing on one line."""

from __future__ import annotations

from typing import Any

import pytest

from postduif.campaign.mailings import words
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.waves import Canary, Waves
from tests.campaign.mailings.records import DAILY, ONCE_AT


@pytest.mark.parametrize(
    "waves", [Waves((0.1, 0.3), period=7200.0), Waves(counts=(500, 2000), period=1800.0), Waves()], ids=str
)
def test_waves_are_read_as_they_are_written(waves: Waves) -> None:
    """What is shown in a field is what was stored, and the other way round."""
    assert words.read_waves(words.spread_words(waves)) == waves


@pytest.mark.parametrize("canary", [Canary(200, 1800.0), Canary(5, 60.0, 0.01, 0.5, 1.0), None], ids=str)
def test_canary_is_read_as_it_is_written(canary: Canary | None) -> None:
    """The same of a small first wave."""
    assert words.read_canary(words.canary_words(canary)) == canary


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (words.read_mailbox, "News <a@b.example>", ("a@b.example", "News")),
        (words.read_mailbox, " a@b.example ", ("a@b.example", "")),
        (words.read_rate, "50/s", 3000),
        (words.read_rate, "", 0),
        (words.read_time, "2h", 7200.0),
    ],
)
def test_read(read: Any, text: str, value: object) -> None:
    """A mailbox with or without its name, a rate in two units, a time."""
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (words.read_waves, "10%"),
        (words.read_waves, "every 2h"),
        (words.read_waves, "10%, 5 every 2h"),
        (words.read_canary, "many wait 2h"),
        (words.read_canary, "20 wait 2h bounce lots"),
        (words.read_rate, "99999999999999999999999"),
        (words.read_time, "soon"),
    ],
)
def test_nonsense(read: Any, text: str) -> None:
    """What cannot be meant is refused in one line."""
    with pytest.raises(MailingFault) as refused:
        read(text)
    assert "\n" not in str(refused.value)


def test_a_schedule_is_said_in_its_own_zone() -> None:
    """The rule, where it begins, and a moment of it as the clock there shows it."""
    assert words.schedule_words(DAILY) == "FREQ=DAILY from 2026-09-22 09:00 Europe/Amsterdam"
    assert words.moment_words(ONCE_AT, DAILY) == "Tue 2026-09-22 09:00 CEST"

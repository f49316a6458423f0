"""Sizes, times, rates and schedules as people write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.config import units
from postduif.config.units import (
    MAX_SIZE,
    MAX_TIME,
    Rate,
    format_schedule,
    format_size,
    format_time,
    parse_rate,
    parse_schedule,
    parse_size,
    parse_time,
)

MILLISECONDS = st.integers(1, int(MAX_TIME * 1000)).map(lambda count: count / 1000)
READERS: list[Callable[[object], object]] = [parse_size, parse_time, parse_rate, parse_schedule]


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("0", 0),
        (7, 7),
        ("512", 512),
        ("1k", 1024),
        ("25M", 26214400),
        ("25 MB", 26214400),
        ("2G", 2**31),
        ("1T", 2**40),
    ],
)
def test_sizes(text: object, octets: int) -> None:
    """A size is octets, with powers of 1024."""
    assert parse_size(text) == octets


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(0, 0), (1.5, 1.5), ("500ms", 0.5), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("1h 30m", 5400), ("4d", 345600)],
)
def test_times(text: object, seconds: float) -> None:
    """A time is seconds; units may follow each other."""
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("100/s", Rate(100, 1)),
        ("100/m", Rate(100, 60)),
        ("100/min", Rate(100, 60)),
        ("1,000/10m", Rate(1000, 600)),
        ("50000 / day", Rate(50000, 86400)),
        ("1/100ms", Rate(1, 0.1)),
        ("", None),
    ],
)
def test_rates(text: object, rate: Rate | None) -> None:
    """A rate is so many in a time; nothing is no limit."""
    assert parse_rate(text) == rate


def test_schedules() -> None:
    """A schedule lists waits, and a star repeats one."""
    assert parse_schedule("1m, 5m*2,1h * 3") == (60, 300, 300, 3600, 3600, 3600)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "value",
    [
        "x",
        "-1",
        -1,
        True,
        [1],
        {},
        "5 x",
        "1e3",
        "٣m",
        float("nan"),
        float("inf"),
        10**400,
        "9" * 5000,
        "9" * 5000 + "d",
    ],
    ids=lambda value: repr(value)[:20],
)
def test_refused(read: Callable[[object], object], value: object) -> None:
    """Whatever is not one is refused with a short remedy, and nothing but ValueError escapes."""
    with pytest.raises(ValueError, match="; ") as caught:
        read(value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("text", ["", "5m*0", "0s", "1m,,2m", "1m*1001", "*2", "5m*2*2", "1m, x"])
def test_schedules_refused(text: str) -> None:
    """A schedule has waits of more than nothing, and not endlessly many."""
    with pytest.raises(ValueError, match="not a retry schedule"):
        parse_schedule(text)


@pytest.mark.parametrize("text", ["0/m", "5/0m", "5", "/m", "5/", "5/mour", "5/x", 5])
def test_rates_refused(text: object) -> None:
    """A rate has events and a time."""
    with pytest.raises(ValueError, match="not a rate"):
        parse_rate(text)


@given(st.integers(0, MAX_SIZE))
def test_sizes_read_back(octets: int) -> None:
    """A size reads back from what was written."""
    assert parse_size(format_size(octets)) == octets


@given(MILLISECONDS)
def test_times_read_back(seconds: float) -> None:
    """A time reads back from what was written, to the microsecond."""
    assert parse_time(format_time(seconds)) == pytest.approx(seconds, abs=1e-6, rel=0)


@given(st.integers(1, units.MAX_EVENTS), st.integers(1, 10_000), st.sampled_from([1.0, 60.0, 3600.0, 86400.0]))
def test_rates_read_back(events: int, count: int, unit: float) -> None:
    """A rate reads back from what was written: 10/15m is not 10/5m."""
    rate = Rate(events, min(count * unit, MAX_TIME))
    assert parse_rate(str(rate)) == rate


@given(st.lists(st.integers(1, 100_000).map(float), min_size=1, max_size=50).map(tuple))
def test_schedules_read_back(steps: tuple[float, ...]) -> None:
    """A schedule reads back from what was written."""
    assert parse_schedule(format_schedule(steps)) == steps


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.25, "250ms"), (90, "90s"), (5400, "90m"), (604800, "7d"), (1209600, "2w"), (30 * 86400, "30d")],
)
def test_times_are_written_short(seconds: float, text: str) -> None:
    """A time is written in the largest unit that is exact."""
    assert format_time(seconds) == text


def test_quoted_stays_on_one_line() -> None:
    """A value in a message can neither break the line nor reach a terminal, and is cut short."""
    assert units.quoted("a\nb\x1b[1m") == '"a\\nb\\u001b[1m"'
    assert len(units.quoted("x" * 1000)) < 100

"""Times and rates as options of mailings take them."""

from __future__ import annotations

import click

from postduif.campaign.mailings.record import MAX_RATE
from postduif.config.units import parse_rate, parse_time


def seconds(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """A time, as `4d`."""
    try:
        return None if value is None else parse_time(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def per_minute(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """A rate: messages a minute, or as `50/s`."""
    if value is None:
        return None
    try:
        found = int(value[:20]) if value.isdecimal() else _a_minute(value)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(str(error)) from None
    if found > MAX_RATE:
        raise click.BadParameter(f"at most {MAX_RATE:,} messages a minute; 0 is no limit")
    return found


def _a_minute(value: str) -> int:
    rate = parse_rate(value)
    return 0 if rate is None else max(1, round(rate.events * 60 / rate.seconds))

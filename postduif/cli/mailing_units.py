"""Times, rates, mailboxes and waves as options of mailings take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.words import read_rate, read_time

Value = TypeVar("Value")


def option_of(read: Callable[[str], Value]) -> Callable[[click.Context, click.Parameter, str | None], Value | None]:
    """The callback of an option whose text `read` understands; None when it was not given."""

    def callback(_: click.Context, __: click.Parameter, value: str | None) -> Value | None:
        try:
            return None if value is None else read(value)
        except MailingFault as error:
            raise click.BadParameter(str(error)) from None

    return callback


seconds = option_of(read_time)
"""A time, as `4d`."""
per_minute = option_of(read_rate)
"""A rate: messages a minute, or as `50/s`."""

"""Somebody who had unsubscribed asks for mail again: let go from that on the suppression list, and from that alone."""

from __future__ import annotations

import sqlite3

from postduif.campaign.audience import subscriptions
from postduif.mta.control import Tell

EVERY_TYPE = "*"


def come_back(people: sqlite3.Connection, tell: Tell, address: str, type_: str) -> None:
    """Only an unsubscribe is taken back: who complained, or whose mailbox is gone, gets nothing all the same.

    Of somebody who had left all types, only the one that he asks for comes again; "" is all. It may be said twice.
    Raises ControlError.
    """
    (shown,) = tell("suppress.show", addresses=[address])
    left = {one["type"] for one in shown["entries"] if one["cause"] == "unsubscribe"}
    if EVERY_TYPE in left and type_:
        others = [name for name in subscriptions.types(people) if name.lower() != type_.lower()]
        rows = [
            {"address": address, "cause": "unsubscribe", "type": name, "source": "web"}
            for name in others
            if name not in left
        ]
        tell("suppress.enter", rows=rows)
    back = left if not type_ else left & {EVERY_TYPE, type_}
    for one in sorted(back):
        tell("suppress.release", addresses=[address], type=one, reason="asked for again on the web", by="web")

"""When a deferred recipient is tried again, and when it is given up. Pure: the time and the chance are given."""

from __future__ import annotations

import re

from postduif.reply import Reply

MAX_ASKED = 4 * 3600.0
"""Seconds. A remote's "try again in ..." is honoured up to here."""
_ASKED = re.compile(
    r"(?:try|retry|again|wait|back|later|after|next|greylist\w*|throttled|deferred)\D{0,40}?"
    r"(\d{1,6})\s*(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?)\b",
    re.IGNORECASE,
)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def asked_wait(reply: Reply) -> float:
    """Seconds that the remote's text asks us to wait ("try again in 300 seconds"); 0 when it does not say."""
    match = _ASKED.search(reply.text) if reply.remote_mta else None
    return min(int(match[1]) * _SECONDS[match[2][0].lower()], MAX_ASKED) if match else 0.0


def next_attempt(
    steps: tuple[float, ...], attempts: int, now: float, reply: Reply, *, jitter: float, chance: float
) -> float:
    """When to try again, seconds since the epoch, after `attempts` tries, this one included.

    `steps` are the waits of delivery.retry, the last repeats. `jitter` is the share of a wait, `chance` a number in
    [0, 1) that picks the place within it. The remote's own wish is honoured, with jitter only behind it.
    """
    wait = steps[min(attempts, len(steps)) - 1]
    asked = asked_wait(reply)
    if asked > wait * (1 - jitter):
        return now + asked + asked * jitter * chance
    return now + wait * (1 + jitter * (2 * chance - 1))


def give_up(last: Reply | None) -> Reply:
    """The verdict on what outlived its lifetime (RFC 3463 4.4.7), with the last thing that was said about it."""
    said = f"; last: {last}" if last else ""
    return Reply(550, "5.4.7", f"Undelivered for longer than its lifetime{said}", last.remote_mta if last else "")

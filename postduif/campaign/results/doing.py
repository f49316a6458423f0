"""Who did what with a mailing, as rows of numbers that rise: cheap to page through, and to lay beside one another."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from postduif.attempt import Kind
from postduif.campaign.forms import responses
from postduif.campaign.results.states import EVENTS, Did
from postduif.campaign.results.tally import Tally
from postduif.campaign.tracking.figures import came_back, who
from postduif.queue.mailing import read_terms

CHUNK = 5000
_LEFT_LAST = """
SELECT number, max(at) FROM journal WHERE kind = ? AND number IN (SELECT value FROM json_each(?)) GROUP BY number
"""
"""Who left by mail after a word on the pages has left."""


def numbers_who(tally: Tally, did: Did, link: int, after: int) -> Iterator[int]:
    """Those behind `after` who opened, clicked (`link`, or 0 for any), filled in a form, unsubscribed, complained or
    answered.

    Seeds may be among those who complained, unsubscribed or answered. Raises StoreError.
    """
    if did.value in EVENTS:
        return iter(sorted(number for number in said(tally)[did.value] if number > after))
    if did is Did.RESPONDED:
        return _respondents(tally, after)
    return _visitors(tally, did, link, after)


def said(tally: Tally) -> dict[str, Collection[int]]:
    """By kind of EVENTS, who said that; without those who unsubscribed and took it back. Seeds too.

    Raises StoreError.
    """
    found: dict[str, Collection[int]] = dict(tally.events)
    left = tally.events[Did.UNSUBSCRIBED.value]
    if left and tally.source is not None:
        terms = read_terms(tally.connection)
        back = came_back(*tally.source, terms.mail_type if terms else "")
        if back := {number: at for number, at in back.items() if number in left}:
            last = tally.connection.execute(_LEFT_LAST, (Kind.UNSUBSCRIBED.value, json.dumps(list(back))))
            found[Did.UNSUBSCRIBED.value] = left - {number for number, at in last if at <= back[number]}
    return found


def both(some: Iterator[int], others: Iterator[int]) -> Iterator[int]:
    """What is in both of two rising rows."""
    one, other = next(some, None), next(others, None)
    while one is not None and other is not None:
        if one == other:
            yield one
        if one <= other:
            one = next(some, None)
        else:
            other = next(others, None)


def without(some: Iterator[int], others: Iterator[int]) -> Iterator[int]:
    """What is in the first of two rising rows alone."""
    other = next(others, None)
    for one in some:
        while other is not None and other < one:
            other = next(others, None)
        if one != other:
            yield one


def _respondents(tally: Tally, after: int) -> Iterator[int]:
    while tally.source is not None and (found := responses.who(*tally.source, after=after, limit=CHUNK)):
        yield from found
        after = found[-1]


def _visitors(tally: Tally, did: Did, link: int, after: int) -> Iterator[int]:
    if tally.source is None:
        return
    while found := who(*tally.source, did.value, link=link if did is Did.CLICKED else 0, after=after, limit=CHUNK):
        yield from found
        if len(found) < CHUNK:
            return
        after = found[-1]

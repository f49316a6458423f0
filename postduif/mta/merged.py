"""The message for one recipient of a template: the stored content, the recipient's values, and what we add to them.

A recipient's values are a JSON array, one for each of the names that the template uses and that are not given here, in
the order of `order_of`. The same message comes out at every try, but for its Date. What `merge.quoted` promises of it
is said with it (`Message.vouched_from`), because looking through 60 KB costs as much as joining them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.utils import formatdate
from functools import lru_cache
from typing import NamedTuple

from pydantic_core import to_json

from postduif.envelope import Envelope, Message, Recipient
from postduif.errors import MergeError, TemplateError
from postduif.mta.link_addresses import LinkAddresses
from postduif.mta.merge.message import Merge
from postduif.mta.merge.names import GIVEN, LINKS
from postduif.mta.merge.stored import merge_of
from postduif.mta.return_addresses import ReturnAddresses


class Occasion(NamedTuple):
    """What is not in the queue."""

    now: float
    """Seconds since the epoch."""
    hostname: str
    addresses: ReturnAddresses | None
    links: LinkAddresses | None = None


class _Needs(NamedTuple):
    """What a template asks of us."""

    order: list[str]
    """Of the values of its recipients."""
    given: frozenset[str]
    by_mail: bool
    """An address of the recipient's own that unsubscribes him."""


def order_of(merge: Merge) -> list[str]:
    """The names whose values a recipient has, in the order in which they are stored; lists end in `[]`."""
    return sorted(name for name in merge.names - GIVEN if "[]." not in name)  # what rows have is in their list


def packed(values: Sequence[object]) -> str:
    """Values in that order, as they are stored. Raises ValueError for half a character."""
    return to_json(values).decode()  # a fifth of the time of json.dumps


def merged(template: Message, envelope: Envelope, recipient: Recipient, about: Occasion) -> Message:
    """The message for that recipient. Raises MergeError when the values make no message.

    Raises TemplateError when the template is damaged, or needs what is not configured any more.
    """
    merge = merge_of(template.content)
    needs = _needs(merge, about.links is not None)
    values = json.loads(recipient.merge)
    if len(values) != len(needs.order):
        count = len(needs.order)
        raise MergeError(f"the recipient has {len(values)} values, the template needs {count}; prepare it again")
    content = merge.render(by_key(needs.order, values) | _given(needs, envelope, recipient, about))
    body = content.index(b"\r\n\r\n") + 4
    ascii_only = content[:body].isascii()
    return Message(content, eight_bit=not ascii_only, smtputf8=not ascii_only, vouched_from=body)


def by_key(order: Sequence[str], values: Sequence[object]) -> dict[str, object]:
    """The values as `Merge.render` wants them."""
    return {name.removesuffix("[]"): value for name, value in zip(order, values, strict=True)}


def _given(needs: _Needs, envelope: Envelope, recipient: Recipient, about: Occasion) -> dict[str, object]:
    """The values of those of `names.GIVEN` that are needed."""
    made: dict[str, object] = {
        "date": _date(int(about.now)),
        "message_id": message_id(envelope, recipient, about.hostname),
    }
    if needs.by_mail:
        if about.addresses is None:
            raise TemplateError("people unsubscribe from it by mail, which needs bounce.domain; configure it again")
        field = about.addresses.unsubscribe(recipient.id, envelope.received_at)
        made |= {"list_unsubscribe": field, "unsubscribe_url": field.strip("<>")}
    if not needs.given.isdisjoint(LINKS):
        if about.links is not None:
            made |= about.links.given(recipient.id)
        elif needs.given & LINKS != {"unsubscribe_url"}:
            raise TemplateError("it has links to pages of ours, which need web.public_url; configure it again")
    return made


def message_id(envelope: Envelope, recipient: Recipient, hostname: str) -> str:
    """The Message-ID (RFC 5322 3.6.4) of that recipient's message, the same at every try."""
    return f"<{recipient.id:x}.{int(envelope.received_at):x}@{envelope.header_from or hostname}>"


@lru_cache(maxsize=64)
def _needs(merge: Merge, pages: bool) -> _Needs:  # noqa: FBT001  part of what is remembered
    given = merge.names & GIVEN
    by_mail = "list_unsubscribe" in given or ("unsubscribe_url" in given and not pages)
    return _Needs(order_of(merge), given, by_mail)


@lru_cache(maxsize=4)
def _date(now: int) -> str:
    return formatdate(now)

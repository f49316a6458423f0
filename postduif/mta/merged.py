"""The message for one recipient of a template: the stored content, the recipient's values, and what we add to them.

A recipient's values are a JSON array, one for each of the names that the template uses and that are not given here, in
the order of `order_of`. The same message comes out at every try, but for its Date.
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
from postduif.mta.merge.message import Merge
from postduif.mta.merge.names import GIVEN
from postduif.mta.merge.stored import merge_of
from postduif.mta.return_addresses import ReturnAddresses


class Occasion(NamedTuple):
    """What is not in the queue."""

    now: float
    """Seconds since the epoch."""
    hostname: str
    addresses: ReturnAddresses | None


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
    if "list_unsubscribe" in merge.names and about.addresses is None:
        raise TemplateError("it has a List-Unsubscribe field, which needs bounce.domain; configure it again")
    order = _order(merge)
    values = json.loads(recipient.merge)
    if len(values) != len(order):
        raise MergeError(f"the recipient has {len(values)} values, the template needs {len(order)}; prepare it again")
    content = merge.render(by_key(order, values) | given(envelope, recipient, about))
    ascii_only = content.isascii()
    return Message(content, eight_bit=not ascii_only, smtputf8=not ascii_only)


def by_key(order: Sequence[str], values: Sequence[object]) -> dict[str, object]:
    """The values as `Merge.render` wants them."""
    return {name.removesuffix("[]"): value for name, value in zip(order, values, strict=True)}


def given(envelope: Envelope, recipient: Recipient, about: Occasion) -> dict[str, object]:
    """The values of `names.GIVEN`."""
    addresses = about.addresses
    return {
        "date": _date(int(about.now)),
        "message_id": message_id(envelope, recipient, about.hostname),
        "list_unsubscribe": addresses.unsubscribe(recipient.id, envelope.received_at) if addresses else "",
    }


def message_id(envelope: Envelope, recipient: Recipient, hostname: str) -> str:
    """The Message-ID (RFC 5322 3.6.4) of that recipient's message, the same at every try."""
    return f"<{recipient.id:x}.{int(envelope.received_at):x}@{envelope.header_from or hostname}>"


@lru_cache(maxsize=64)
def _order(merge: Merge) -> list[str]:
    return order_of(merge)


@lru_cache(maxsize=4)
def _date(now: int) -> str:
    return formatdate(now)

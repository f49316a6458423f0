"""Content as bytes, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from postduif.errors import TemplateError
from postduif.mta.merge.content import Attachment, Header, Mailbox
from postduif.mta.merge.message import compile_content
from postduif.mta.merge.stored import VERSION, dump, load, merge_of
from tests.mta.merge.mailing import CONTENT, GIVEN, NAMES

FULL = replace(
    CONTENT,
    html="<p>{{ city }} é\r\n",
    preheader="x",
    reply_to=Mailbox("{{ owner.email }}"),
    personal_sender=Mailbox("{{ owner.email }}", "é"),
    headers=(Header("X-A", "{{ city }}", raw=True),),
    attachments=(Attachment("a", "text/plain", bytes(range(256)), "b"),),
)


@pytest.mark.parametrize("content", [CONTENT, FULL])
def test_there_and_back(content: Any) -> None:
    """What is read is what was written, and makes the same messages."""
    stored = dump(content, NAMES)
    assert load(stored) == (content, frozenset(NAMES))
    values = {**GIVEN, "customer.email": "jo@example.net", "city": "x"}
    assert merge_of(stored).render(values) == compile_content(content, NAMES).render(values)


def test_same_content_same_octets() -> None:
    """The order of the names makes no difference."""
    assert dump(FULL, sorted(NAMES)) == dump(FULL, tuple(reversed(NAMES)))


def test_merges_are_remembered() -> None:
    """The same bytes are compiled once, also when they were read again."""
    stored = dump(CONTENT, NAMES)
    assert merge_of(stored) is merge_of(bytes(bytearray(stored)))


def changed(**changes: Any) -> bytes:
    """Stored content with a key changed."""
    return json.dumps({**json.loads(dump(FULL, NAMES)), **changes}).encode()


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        changed(version=VERSION + 1),
        changed(version="1"),
        changed(more=1),
        changed(content={}),
        changed(names=[1]),
        changed(content={**json.loads(dump(FULL, NAMES))["content"], "code": "x"}),
        changed(content={**json.loads(dump(FULL, NAMES))["content"], "headers": [{"name": "a", "text": "b", "x": 1}]}),
    ],
)
def test_damaged(stored: bytes) -> None:
    """What is not as we write it is refused."""
    with pytest.raises(TemplateError, match=r"damaged|of version"):
        load(stored)


def test_stored_content_is_checked_like_any() -> None:
    """Templates that came from a file can do no more than those of a marketer."""
    content = {**json.loads(dump(FULL, NAMES))["content"], "text": "{{ ''.__class__ }}"}
    with pytest.raises(TemplateError, match="has no values of its own"):
        merge_of(changed(content=content))


def test_half_a_character() -> None:
    """Content that is not text is not stored."""
    with pytest.raises(TemplateError, match="cannot be stored"):
        dump(replace(CONTENT, text="\ud800"), NAMES)

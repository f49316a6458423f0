"""Drafts as JSON."""

from __future__ import annotations

import pytest

from postduif.campaign.content.draft import Draft, Seed, read, written
from postduif.errors import TemplateError
from postduif.mta.merge.content import Attachment, Header, Mailbox

DRAFT = Draft(
    subject="Hi [[name]] é",
    sender=Mailbox("news@example.com", "News"),
    body="<p>x",
    attachments=(Attachment("a.bin", "application/octet-stream", bytes(range(256))),),
    headers=(Header("X-Team", "duif"),),
    feedback_id=("a", "b"),
    seeds=(Seed("seed@example.com", {"name": "Seed"}),),
)


def test_there_and_back() -> None:
    """A draft written as JSON is read the same, files included."""
    assert read(written(DRAFT)) == DRAFT


def test_least() -> None:
    """What JSON leaves out is as in an empty draft."""
    assert read('{"subject": "s", "sender": {"address": "a@b.nl"}}') == Draft("s", Mailbox("a@b.nl"))


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ('{"subject": "s"}', "sender: Field required"),
        ('{"subject": "s", "sender": {"address": "a"}, "sbject": 1}', "sbject: "),
        ('{"subject": "s", "sender": {"address": "a"}, "language": "xml"}', "language: "),
        ("x", "draft: "),
    ],
)
def test_errors(stored: str, said: str) -> None:
    """What is missing, unknown or of the wrong kind is said in one line with its place."""
    with pytest.raises(TemplateError) as error:
        read(stored)
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_half_a_character() -> None:
    """Half a character cannot be stored."""
    with pytest.raises(TemplateError, match="cannot be stored"):
        written(Draft("\ud800", Mailbox("a@b.nl")))

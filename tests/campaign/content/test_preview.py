"""Previews are the real message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from postduif.campaign.content.composing import composed
from postduif.campaign.content.preview import SAMPLES, preview
from postduif.errors import MergeError
from postduif.mta.merge.message import compile_content
from postduif.mta.merge.names import GIVEN
from tests.campaign.content.test_composing import DRAFT, FACTS

VALUES = {"email": "jo@example.net", "name": "<Jo>", "orders": [{"title": "a"}]}


def test_one_recipient() -> None:
    """Fields, HTML, text and size are those of the message that is made."""
    made = composed(DRAFT, FACTS)
    shown = preview(made, VALUES)
    octets = compile_content(made.content, FACTS.names).render({**SAMPLES, **VALUES})
    assert shown.size == len(octets)
    assert dict(shown.fields)["To"] == "jo@example.net"
    assert "<p>Dear &lt;Jo&gt;," in shown.html
    assert shown.text.replace("\r\n", "\n").startswith("Dear <Jo>,\n\na\n\nx <https://x.nl/?q=>")
    assert shown.empty == ("city",)


def test_text_alone() -> None:
    """A mailing without HTML has a preview without."""
    assert preview(composed(replace(DRAFT, format="text"), FACTS), VALUES).html == ""


def test_no_message() -> None:
    """Values that make no message are the same error as at delivery."""
    with pytest.raises(MergeError, match="address in To is empty"):
        preview(composed(DRAFT, FACTS), {"name": "Jo"})


def test_samples_are_for_what_is_given() -> None:
    """There is a sample of each variable that is made at delivery, and of no other."""
    assert SAMPLES.keys() == GIVEN

"""The header fields of mailings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from postduif.campaign.content.draft import Draft
from postduif.campaign.content.list_fields import Facts, extra_fields, list_fields
from postduif.errors import TemplateError
from postduif.mta.merge.content import Header, Mailbox

FACTS = Facts(7, frozenset({"email"}), "bounce.example.com")
DRAFT = Draft("s", Mailbox("news@example.com"), "x")


def fields(facts: Facts = FACTS, **changes: Any) -> dict[str, str]:
    """Name and text of the fields of a draft with these changes."""
    made = list(list_fields(replace(DRAFT, **changes), facts))
    assert all(header.raw for header in made)
    return {header.name: header.text for header in made}


def test_ordinary() -> None:
    """With a bounce domain a mailing says how to leave and where to complain, and that it is bulk."""
    assert fields() == {
        "List-Unsubscribe": "{{ list_unsubscribe }}",
        "Precedence": "bulk",
        "CFBL-Address": "feedback@bounce.example.com; report=arf",
    }


def test_without_bounce_domain() -> None:
    """Without one there is nothing to write to."""
    assert fields(replace(FACTS, bounce_domain="")) == {"Precedence": "bulk"}


def test_one_click() -> None:
    """With public pages, mail programs are told the page first, and that one click does it (RFC 8058 3.1)."""
    with_pages = replace(FACTS, public_url="https://news.example.com")
    made = fields(with_pages)
    assert made["List-Unsubscribe"] == "<{{ unsubscribe_url }}>, {{ list_unsubscribe }}"
    assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    without_domain = fields(replace(with_pages, bounce_domain=""))
    assert without_domain["List-Unsubscribe"] == "<{{ unsubscribe_url }}>"


@pytest.mark.parametrize(
    ("domain", "sender", "there"),
    [
        ("bounce.example.com", "a@example.com", True),
        ("example.com", "a@news.Example.com", True),
        ("example.com", "a@example.com", True),
        ("bounce.example.com", "a@news.example.com", False),
        ("badexample.com", "a@example.com", False),
    ],
)
def test_complaint_address_goes_with_the_sender(domain: str, sender: str, there: bool) -> None:
    """RFC 9477 3.1: an address in a domain of somebody else is not believed, so it is not written."""
    assert ("CFBL-Address" in fields(replace(FACTS, bounce_domain=domain), sender=Mailbox(sender))) is there
    assert "CFBL-Address" not in fields(complaint_address=False)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("", "<news.example.com>"),
        ("Pigeon news", '"Pigeon news" <news.example.com>'),
        ("é", "=?utf-8?B?w6k=?= <news.example.com>"),
    ],
)
def test_list_id(name: str, field: str) -> None:
    """RFC 2919: the name in brackets, before it what people read."""
    assert fields(list_id="news.example.com", list_name=name)["List-Id"] == field


def test_feedback_id() -> None:
    """The SenderId stands last, after up to three parts; of itself those are number and kind."""
    assert fields(feedback_sender="postduif")["Feedback-ID"] == "7:mailing:postduif"
    assert fields(feedback_sender="postduif", feedback_id=("a", "b", "c"))["Feedback-ID"] == "a:b:c:postduif"


@pytest.mark.parametrize(
    "bad", ["a\r\nX: y", "a\nb", "{{ email }}", "[[email]]", "a>b", "<a", '"', "\u2028", "x" * 300]
)
@pytest.mark.parametrize("place", ["list_id", "list_name", "feedback_sender", "feedback_id"])
def test_nothing_gets_in(place: str, bad: str) -> None:
    """No value of a field can hold a line end, a bracket or a template, or be of any length."""
    changes: dict[str, Any] = {"list_id": "news.example.com", "feedback_sender": "postduif"}
    changes[place] = (bad,) if place == "feedback_id" else bad
    with pytest.raises(TemplateError, match=place):
        fields(**changes)


@pytest.mark.parametrize(
    "changes",
    [{"feedback_sender": "abcd"}, {"feedback_sender": "a" * 16}, {"list_id": "news"}, {"list_id": "a..b"}]
    + [{"feedback_sender": "postduif", "feedback_id": parts} for parts in (("",), ("a:b",), ("a", "b", "c", "d"))],
)
def test_grammar(changes: dict[str, Any]) -> None:
    """What breaks a field's grammar is refused."""
    with pytest.raises(TemplateError):
        fields(**changes)


@pytest.mark.parametrize("name", ["List-Id", "list-unsubscribe", "Precedence", "CFBL-Address", "Auto-Submitted"])
def test_fields_that_are_ours(name: str) -> None:
    """Such a field cannot be an extra one."""
    with pytest.raises(TemplateError, match=f"{name} is written by us"):
        extra_fields(replace(DRAFT, headers=(Header(name, "x"),)))
    assert extra_fields(replace(DRAFT, headers=(Header("X-Team", "x"),)))

"""A draft made into what is merged."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from typing import Any

import pytest

from postduif.campaign.content.composing import Composed, composed
from postduif.campaign.content.draft import Draft, Seed
from postduif.campaign.content.list_fields import Facts
from postduif.campaign.content.preview import SAMPLES
from postduif.errors import MergeError, TemplateError
from postduif.mta.merge.content import Attachment, Header, Mailbox
from postduif.mta.merge.message import compile_content

NAMES = frozenset({"email", "name", "customer.name", "city", "orders[]", "orders[].title"})
FACTS = Facts(7, NAMES, "bounce.example.com")
BODY = (
    "<p>Dear {{ name }},</p>\n{% for one in orders %}<p>{{ one.title }}</p>{% endfor %}"
    '<a href="https://x.nl/?q={{ city }}">x</a>'
)
DRAFT = Draft("News for {{ name }}", Mailbox("news@example.com", "News"), BODY)
MJML = (
    "<mjml><mj-body><mj-section><mj-column>\n<mj-text>Dear {{ %s }}</mj-text></mj-column></mj-section></mj-body></mjml>"
)


def made(facts: Facts = FACTS, **changes: Any) -> Composed:
    """The ordinary draft with changes, composed."""
    return composed(replace(DRAFT, **changes), facts)


def test_html_is_as_written() -> None:
    """Without inlining the HTML goes out as it was written, and the text is made of it."""
    result = made()
    assert result.content.html == BODY
    assert result.content.text.startswith(
        "Dear {{ name }},\n\n{% for one in orders %}{{ one.title }}\n\n{% endfor %}x <"
    )
    assert result.names == {"email", "name", "city", "orders[]", "orders[].title"}
    assert result.warnings == ()


def test_text_of_ones_own() -> None:
    """A text that is there is not touched."""
    assert made(text="Hi {{ name }}").content.text == "Hi {{ name }}"


def test_links() -> None:
    """The links of both parts lie where the composed content has them."""
    result = made(inline_css=True, body=f"<style>a{{color:red}}</style>{BODY}")
    content, links = result.content, result.links
    assert [link.part for link in links] == ["html", "text"]
    for link in links:
        part = content.html if link.part == "html" else content.text
        assert part[link.start : link.end] == link.url == "https://x.nl/?q={{ city }}"


def test_mjml() -> None:
    """MJML becomes HTML; styles that ask for it are inlined."""
    source = (MJML % "name").replace(
        "<mj-body>", '<mj-head><mj-style inline="inline">td{top:1px}</mj-style></mj-head><mj-body>'
    )
    content = made(language="mjml", body=source).content
    assert "Dear {{ name }}</div>" in content.html
    assert "top: 1px" in content.html.partition("<body")[2]
    assert content.text == "Dear {{ name }}\n"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"body": "<p>\n{{ nmae }}"}, "html, line 2: nmae is not known; did you mean name?"),
        ({"body": MJML % "cty", "language": "mjml"}, "html, line 2: cty is not known; did you mean city?"),
        ({"subject": "[[custmer.name]]"}, "subject, line 1: custmer.name is not known; did you mean customer.name?"),
        ({"body": "<p>{% if x"}, "html, line 1: "),
        ({"body": "", "text": ""}, "there is neither HTML nor text"),
        ({"headers": (Header("Bcc", "x@y.nl"),)}, "Bcc is written by us"),
        ({"headers": (Header("List-Id", "x"),)}, "List-Id is written by us"),
        ({"journal": "nobody"}, "journal: 'nobody' is no address"),
    ],
)
def test_errors(changes: dict[str, Any], said: str) -> None:
    """What is wrong is said with its place in what was written, and the remedy."""
    with pytest.raises(TemplateError) as error:
        made(**changes)
    assert str(error.value).startswith(said)


def test_text_only() -> None:
    """A text-only mailing has the text of its HTML, and says what becomes of images."""
    image = Attachment("a.png", "image/png", b"x", "logo")
    result = made(format="text", attachments=(image,))
    assert result.content.html == ""
    assert result.content.text
    assert result.warnings[0].startswith("attachments: images")
    assert {link.part for link in result.links} == {"text"}


@pytest.mark.parametrize(
    ("facts", "changes", "said"),
    [
        (FACTS, {"body": "<img src=x>"}, "text: nothing of the HTML"),
        (replace(FACTS, bounce_domain=""), {}, "headers: no List-Unsubscribe"),
        (replace(FACTS, bounce_domain="other.nl"), {}, "headers: no CFBL-Address, because other.nl"),
        (FACTS, {"body": "<style>{% if name %}{% endif %}</style>a", "inline_css": True}, "html, line 1: a style"),
    ],
)
def test_warnings(facts: Facts, changes: dict[str, Any], said: str) -> None:
    """What is done otherwise than the maker may expect is said."""
    (warning,) = made(facts, **changes).warnings
    assert warning.startswith(said)


def test_journal() -> None:
    """The journal address comes along, if it is one."""
    facts = FACTS
    assert made(facts, journal="copy@Example.com").journal == "copy@example.com"
    with pytest.raises(TemplateError, match=r"journal: .* is no address"):
        made(facts, journal="a@b\r\nTo: c@d.nl")


EVIL = "x\r\nBcc: evil@example.net\r\n\r\nbody {{ '\r\nBcc: e@example.net' }}"


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {"subject": EVIL},
            {"preheader": EVIL},
            {"text": EVIL},
            {"body": EVIL},
            {"list_id": "a.b", "list_name": EVIL},
        ),
        *({"to": Mailbox("{{ email }}", EVIL)}, {"to": Mailbox(EVIL)}, {"sender": Mailbox("news@example.com", EVIL)}),
        *({"reply_to": Mailbox("a@b.nl", EVIL)}, {"reply_to": Mailbox(EVIL)}, {"personal_sender": Mailbox(EVIL, EVIL)}),
        *({"headers": (Header("X-A", EVIL),)}, {"headers": (Header("X-A", EVIL, raw=True),)}),
        *({"headers": (Header("X-A\r\nBcc", "x"),)}, {"attachments": (Attachment(EVIL, "text/plain", b""),)}),
    ],
)
def test_no_field_gets_in(changes: dict[str, Any]) -> None:
    """Whatever is written wherever, no header field comes of it: it is refused, or it is text."""
    try:
        content = made(**changes).content
    except TemplateError:
        return
    values = {**SAMPLES, "email": "jo@example.net", "name": "x\r\nBcc: a@b.nl"}
    try:
        octets = compile_content(content, NAMES).render(values)
    except MergeError:
        return
    message = message_from_bytes(octets)
    assert "Bcc" not in message
    assert len(message.get_all("To", [])) == 1
    assert not message.defects


def test_seeds_are_addresses() -> None:
    """A seed that cannot be written to is told before anything is prepared."""
    with pytest.raises(TemplateError, match="seeds: 'nobody' is no address"):
        composed(replace(DRAFT, seeds=(Seed("a@example.com"), Seed("nobody"))), FACTS)

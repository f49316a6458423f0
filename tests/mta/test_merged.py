"""What a recipient's values are stored as, and the message made of them again."""

from __future__ import annotations

import pytest

from postduif import header
from postduif.address import parse
from postduif.bounce.verp import Purpose, Verp
from postduif.envelope import Envelope, Message, Recipient
from postduif.errors import TemplateError
from postduif.mta.link_addresses import LinkAddresses
from postduif.mta.merge.content import Content, Mailbox
from postduif.mta.merge.message import compile_content
from postduif.mta.merge.stored import dump
from postduif.mta.merged import Occasion, merged, order_of, packed
from postduif.mta.return_addresses import ReturnAddresses
from postduif.queue.rows import first_recipient
from postduif.recipient_token import make

LINKS = LinkAddresses("https://news.example.com", b"k" * 32)
RETURNS = ReturnAddresses("b.example", Verp([b"k" * 32], dict.fromkeys(Purpose, 1e6)), for_submitted=True)


def message(text: str, about: Occasion) -> bytes:
    """What the 5th recipient of mailing 7 gets."""
    content = Content(Mailbox("a@sender.example"), Mailbox("b@remote.example"), "hi", text=text)
    recipient = Recipient(parse("b@remote.example"), id=first_recipient(7) + 5, merge="[]")
    template = Message(dump(content, []))
    return merged(template, Envelope(parse("a@sender.example")), recipient, about).content.replace(b"=\r\n", b"")


def test_lists_arrive() -> None:
    """Plain lists and lists of rows are among the values of a recipient, each under its own name, rows whole."""
    text = "{{ name }}: {% for one in tags %}{{ one }} {% endfor %}{% for one in orders %}{{ one.title }} {% endfor %}"
    names = ["email", "name", "tags[]", "orders[]", "orders[].title"]
    content = Content(Mailbox("a@sender.example"), Mailbox("{{ email }}"), "hi", text=text)
    order = order_of(compile_content(content, names))
    assert order == ["email", "name", "orders[]", "tags[]"]
    values = packed(["b@remote.example", "Jo", [{"title": "Grain"}], ["x", "y"]])
    recipient = Recipient(parse("b@remote.example"), id=5, merge=values)
    made = merged(Message(dump(content, names)), Envelope(parse("a@sender.example")), recipient, Occasion(0, "h", None))
    assert b"Jo: x y Grain" in made.content.replace(b"=\r\n", b"")


def test_links_have_the_recipients_token() -> None:
    """Every link of his opens his own pages, and every try makes the same."""
    token = make(b"k" * 32, 7, 5)
    made = message("{{ link_token }} {{ unsubscribe_url }} {{ web_version_url }}", Occasion(0, "h", RETURNS, LINKS))
    pages = f"{token} https://news.example.com/u/{token} https://news.example.com/w/{token}"
    assert pages.encode() in made


def test_unsubscribing_by_mail_where_there_are_no_pages() -> None:
    """Without public pages the address to unsubscribe is one to write to."""
    made = message("{{ unsubscribe_url }}", Occasion(0, "h", RETURNS))
    assert f"mailto:{RETURNS.unsubscribe(first_recipient(7) + 5, 0.0)[8:-1]}".encode() in made


@pytest.mark.parametrize("text", ["{{ link_token }}", "{{ preferences_url }}{{ unsubscribe_url }}"])
def test_pages_that_are_gone_are_said(text: str) -> None:
    """A mailing that was composed with public pages waits until there are pages again."""
    with pytest.raises(TemplateError, match=r"need web\.public_url; configure it again"):
        message(text, Occasion(0, "h", RETURNS))


@pytest.mark.parametrize("text", ["{{ list_unsubscribe }}", "{{ unsubscribe_url }}"])
def test_an_address_to_write_to_needs_a_domain(text: str) -> None:
    """Without bounce.domain nobody can be unsubscribed by mail."""
    with pytest.raises(TemplateError, match=r"needs bounce\.domain; configure it again"):
        message(text, Occasion(0, "h", None))


@pytest.mark.parametrize("email", ["b@remote.example", "b\u00e9@remote.example"])
def test_the_maker_vouches_for_the_body(email: str) -> None:
    """It says where the body begins, which is ASCII and stuffed with no dots; the address may be none of both."""
    content = Content(Mailbox("a@sender.example"), Mailbox("{{ email }}"), "hi", text=".{{ email }}\n.\n")
    recipient = Recipient(parse(email), id=5, merge=packed([email]))
    template = Message(dump(content, ["email"]))
    made = merged(template, Envelope(parse("a@sender.example")), recipient, Occasion(0, "h", None))
    section, body = header.split(made.content)
    assert made.content[made.vouched_from :] == body
    assert body.isascii()
    assert b"\r\n." not in made.content
    assert (made.smtputf8, made.eight_bit) == (not section.isascii(), not email.isascii())

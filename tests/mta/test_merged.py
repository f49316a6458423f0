"""What a recipient's values are stored as, and the message made of them again."""

from __future__ import annotations

from postduif.address import parse
from postduif.envelope import Envelope, Message, Recipient
from postduif.mta.merge.content import Content, Mailbox
from postduif.mta.merge.message import compile_content
from postduif.mta.merge.stored import dump
from postduif.mta.merged import Occasion, merged, order_of, packed


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

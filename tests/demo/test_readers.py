"""The readers of the demonstration find in a mail what they follow."""

from __future__ import annotations

from email.message import EmailMessage

from postduif.demo.readers import Mail, read
from postduif.sink import Received

URL = "http://127.0.0.1:99"


def mail(*, tracked: bool) -> Received:
    """A mailing as it comes."""
    message = EmailMessage()
    if tracked:
        message["List-Unsubscribe"] = f"<{URL}/u/TOKEN>, <mailto:u1@b.example>"
    message.set_content("Look")
    message.add_alternative(
        f'<a href="{URL}/w/TOKEN">web</a> <a href="{URL}/c/TOKEN/1?a=x&amp;b=y">look</a> <a href="{URL}/u/TOKEN">no</a>'
        f'<img src="{URL}/o/TOKEN.gif">',
        subtype="html",
    )
    return Received("b1@b.example", ("anna@a.example",), message.as_bytes())


def test_read() -> None:
    """Links to follow, the image, the page of one's own and how to leave, as paths."""
    assert read(mail(tracked=True)) == Mail(
        "anna@a.example", "b1@b.example", "/u/TOKEN", "/o/TOKEN.gif", ("/c/TOKEN/1?a=x&b=y",), ("/w/TOKEN",)
    )


def test_what_is_not_tracked() -> None:
    """Nothing to read."""
    assert read(mail(tracked=False)) is None

"""The kinds of mail there are: plain, HTML, attachments, other scripts, and what breaks careless software."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from random import Random
from typing import NamedTuple


class Heading(NamedTuple):
    """What the header section says."""

    sender: str
    recipients: tuple[str, ...]
    message_id: str
    number: int


class Made(NamedTuple):
    """One message. `content` has CRLF lines."""

    content: bytes
    smtputf8: bool = False


Kind = Callable[[Heading, Random], Made]

_SENTENCES = (
    "Your order left our warehouse this morning.",
    "The meeting moves to Thursday, same room.",
    "Please find the figures of last month below.",
    "We have changed nothing, and it works again.",
    "The pigeons came home before dark.",
    "Nobody has opened the gate since Monday.",
    "If you did not ask for this, you may ignore it.",
    "Thank you for the photographs; the third is on our wall.",
)
_NAMES = (
    "Zoë Brontë",
    "Jürgen Groß",
    "Łukasz Żak",
    "Дарья Иванова",
    "Ελένη Παππά",
    "山田太郎",
    "김민준",
    "أمينة",
    "Renée 🕊",
)
_SUBJECTS = ("Your invoice", "Welcome aboard", "Weekly figures", "Password changed", "Parcel on its way", "Minutes")
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def plain(heading: Heading, random: Random) -> Made:
    """A few paragraphs in ASCII."""
    message = _headed(heading, random.choice(_SUBJECTS))
    message.set_content(_text(random, random.randint(1, 12)))
    return Made(message.as_bytes())


def html(heading: Heading, random: Random) -> Made:
    """The same text twice, plain and HTML (RFC 2046 5.1.4), quoted-printable."""
    message = _headed(heading, f"{random.choice(_SUBJECTS)}: {random.choice(_NAMES)}")
    text = _text(random, 8)
    message.set_content(text, cte="quoted-printable")
    rows = "".join(
        f'<tr><td style="padding:4px">{line}</td><td>€ {random.random() * 99:.2f}</td></tr>'
        for line in text.splitlines()
    )
    page = f"<html><body><h1>Dear {random.choice(_NAMES)}</h1><table>{rows}</table></body></html>\n"
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    return Made(message.as_bytes())


def attachments(heading: Heading, random: Random) -> Made:
    """A letter with a table, a picture and some octets, up to 40 KB."""
    message = _headed(heading, "Documents")
    message.set_content(_text(random, 3))
    table = "\r\n".join(f"{line},{random.randint(0, 9999)}" for line in range(random.randint(10, 200)))
    message.add_attachment(table.encode(), maintype="text", subtype="csv", filename="figures.csv")
    message.add_attachment(_PNG, maintype="image", subtype="png", filename="Überblick.png")
    octets = random.randbytes(random.randint(1_000, 25_000))
    message.add_attachment(octets, maintype="application", subtype="pdf", filename="invoice.pdf")
    return Made(message.as_bytes())


def many_scripts(heading: Heading, random: Random) -> Made:
    """Encoded words in the header (RFC 2047), an 8-bit UTF-8 body (8BITMIME)."""
    message = _headed(heading, f"Grüße an {random.choice(_NAMES)}, {random.choice(_NAMES)} und {random.choice(_NAMES)}")
    message["Reply-To"] = f'"{random.choice(_NAMES)}" <{heading.sender}>'
    message.set_content("\n".join(f"{name}: naïve façade, čeština, ٣, 漢字 🕊" for name in _NAMES) + "\n", cte="8bit")
    return Made(message.as_bytes())


def utf8_header(heading: Heading, random: Random) -> Made:
    """UTF-8 as it is in the header (RFC 6532); one recipient has it in the address."""
    message = _headed(heading, f"Bücher für {random.choice(_NAMES)}")
    message.set_content(f"Liebe Grüße, {random.choice(_NAMES)}\n", cte="8bit")
    return Made(message.as_bytes(policy=SMTPUTF8), smtputf8=True)


def dots(heading: Heading, random: Random) -> Made:
    """Lines that are, or begin with, the sign that ends a mail (RFC 5321 4.5.2)."""
    lines = [".", "..", "...", ". ", ".hidden", "a line", ". .", "end."]
    random.shuffle(lines)
    return _raw(heading, "Dots", [*lines, "."])


def long_lines(heading: Heading, random: Random) -> Made:
    """Lines longer than the 998 octets of RFC 5322 2.1.1, as real mail has them."""
    return _raw(heading, "Long lines", [random.choice(_SENTENCES) * random.randint(30, 200) for _ in range(3)])


def odd_blanks(heading: Heading, random: Random) -> Made:
    """Blanks at the ends of lines, empty lines at the end, a folded subject: what signatures stumble over."""
    lines = [f"{random.choice(_SENTENCES)}{' ' * random.randint(0, 3)}\t" for _ in range(4)]
    return _raw(heading, "Folded\r\n   more than\r\n\tonce", ["", *lines, "", "  ", "", ""])


def empty(heading: Heading, random: Random) -> Made:
    """No body at all."""
    return _raw(heading, random.choice(_SUBJECTS), [])


KINDS: tuple[Kind, ...] = (
    plain,
    html,
    attachments,
    plain,
    many_scripts,
    html,
    dots,
    plain,
    long_lines,
    html,
    odd_blanks,
    utf8_header,
    plain,
    empty,
)
"""In the order, and as often, as letters are of them."""


def _headed(heading: Heading, subject: str) -> EmailMessage:
    message = EmailMessage(SMTP)
    message["From"] = f"Postduif demo <{heading.sender}>"
    message["To"] = ", ".join(heading.recipients)
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = heading.message_id
    return message


def _raw(heading: Heading, subject: str, lines: list[str]) -> Made:
    """As it stands, without the email package, which would tidy it up."""
    head = [
        f"From: <{heading.sender}>",
        f"To: {', '.join(heading.recipients)}",
        f"Subject: {subject}",
        f"Date: {format_datetime(datetime.now(UTC))}",
        f"Message-ID: {heading.message_id}",
        "",
    ]
    return Made("".join(f"{line}\r\n" for line in head + lines).encode())


def _text(random: Random, sentences: int) -> str:
    return "\n".join(random.choice(_SENTENCES) for _ in range(sentences)) + "\n"

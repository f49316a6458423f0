"""Each format is read from a mail in its manner, with LF and with CRLF line ends.

A letter in `letters/` is named after the format that must read it. Its first lines say what must come out.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from postduif.bounce.finding import Kind
from postduif.bounce.formats import FORMATS
from postduif.bounce.formats.declaration import line
from postduif.bounce.formats.others import PLAIN
from postduif.bounce.reading import read

LETTERS = sorted((Path(__file__).parent / "letters").glob("*.eml"))
NAMES = {one.name for one in FORMATS} | {PLAIN.name, "amazon-sns"}


def expected_and_mail(path: Path) -> tuple[list[tuple[str, ...]], bytes]:
    """What must be found (recipient, status, action), and the mail itself."""
    lines = path.read_text(encoding="utf-8").split("\n")
    expected = [tuple(one.split()[1:]) for one in lines if one.startswith("Expect: ")]
    return expected, "\n".join(one for one in lines if not one.startswith("Expect: ")).encode()


def format_of(path: Path) -> str:
    """The longest name of a format that the file's name begins with."""
    return max((name for name in NAMES if path.stem == name or path.stem.startswith(f"{name}-")), key=len)


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("path", LETTERS, ids=lambda path: path.stem)
def test_letter(path: Path, newline: bytes) -> None:
    """The format reads it, and finds these recipients, no others, with these statuses."""
    expected, mail = expected_and_mail(path)
    reading = read(mail.replace(b"\n", newline))
    assert [(one.recipient, one.status, one.action) for one in reading.findings] == expected
    assert {one.reader for one in reading.findings} == {format_of(path)}
    assert reading.kind is (Kind.DELAY if expected[0][2] == "delayed" else Kind.BOUNCE)


def test_each_format_has_a_letter() -> None:
    """No format is declared without a mail that shows what it is good for."""
    assert {one.name for one in FORMATS} - {format_of(path) for path in LETTERS} == set()


def test_each_format_is_in_the_manual() -> None:
    """docs/bounces.md has a line for each, with whose mails they are."""
    manual = (Path(__file__).parents[2] / "docs" / "bounces.md").read_text(encoding="utf-8")
    assert [one.name for one in FORMATS if f"| `{one.name}` | {one.about} |" not in manual] == []


def test_each_name_stands_once() -> None:
    """No two formats have the same name, so that a finding says which one read it."""
    names = [one.name for one in FORMATS]
    assert len(names) == len(set(names))


def test_each_line_names_somebody() -> None:
    """Whatever a format knows a recipient's line by is a pattern with a place for the address."""
    patterns = [pattern for one in (*FORMATS, PLAIN) for pattern in one.recipient]
    assert [pattern for pattern in patterns if "to" not in line(pattern).groupindex] == []


def test_the_returned_mail_is_not_read() -> None:
    """Addresses below the line of a copy are nobody's failure, and its header identifies the mail."""
    _, mail = expected_and_mail(Path(__file__).parent / "letters" / "qmail.eml")
    reading = read(mail)
    assert b"carla@other.example" in mail
    assert "carla@other.example" not in {one.recipient for one in reading.findings}
    assert reading.original.message_id == "<n1@list.example>"
    assert reading.original.return_path == "news+a1b2@list.example"


def test_the_field_of_failed_recipients_is_whole() -> None:
    """Who stands in X-Failed-Recipients failed, also when the words name but some of them, or others."""
    mail = (
        b"From: MAILER-DAEMON@ex.example\nX-Failed-Recipients: a@x.example, b@x.example\n\n"
        b"This message was created automatically by mail delivery software.\nThe following address(es) failed:\n\n"
        b"  a@x.example\n    550 5.1.1 no a\n  help@x.example\n"
    )
    assert [(one.recipient, one.status) for one in read(mail).findings] == [
        ("a@x.example", "5.1.1"),
        ("b@x.example", "5.0.0"),
    ]


def test_a_signature_is_no_recipient() -> None:
    """The address that the mail system writes from is nobody who failed."""
    mail = b"From: postmaster@mx.example\nSubject: Undelivered\n\nThis is the mail system at host mx.example.\n\n"
    mail += b"<postmaster@mx.example>: write to me\n\n<a@x.example>: host y said: 550 5.1.1 no a\n"
    assert [one.recipient for one in read(mail).findings] == ["a@x.example"]


@pytest.mark.parametrize("kind", ["Complaint", "Delivery", "Bounce"])
def test_notification_of_amazon(kind: str) -> None:
    """A notification in JSON is a complaint, a delivery or a bounce, also inside of an envelope of SNS."""
    mail = {
        "messageId": "01",
        "source": "v@list.example",
        "headers": [{"name": "Message-ID", "value": "<j@x.example>"}],
    }
    about = {
        "Complaint": {"complaint": {"complainedRecipients": [{"emailAddress": "a@b.example"}]}},
        "Delivery": {"delivery": {"recipients": ["a@b.example"], "smtpResponse": "250 2.6.0 taken"}},
        "Bounce": {"bounce": {"bouncedRecipients": [{"emailAddress": "a@b.example", "status": "5.2.1"}]}},
    }[kind]
    inner = json.dumps({"notificationType": kind, "mail": mail, **about})
    outer = json.dumps({"Type": "Notification", "Message": inner})
    reading = read(f"From: no-reply@sns.example\r\nSubject: AWS\r\n\r\n{outer}\r\n".encode())
    wanted = {"Complaint": Kind.COMPLAINT, "Delivery": Kind.DELIVERED, "Bounce": Kind.BOUNCE}[kind]
    assert reading.kind is wanted
    assert [one.recipient for one in reading.findings] == ["a@b.example"]
    assert reading.original.message_id == "<j@x.example>"
    assert reading.original.return_path == "v@list.example"


def test_notification_that_makes_no_sense() -> None:
    """What stands in the JSON is a claim as well: no address, half a character, other types, endless nesting."""
    head = b"From: no-reply@sns.example\nSubject: AWS\n\n"
    recipients = [{"emailAddress": "no address"}, {"emailAddress": 7}, {"emailAddress": "a\ud800@b.example"}, 7, {}]
    notice = {"notificationType": "Bounce", "bounce": {"bouncedRecipients": recipients}, "mail": []}
    assert read(head + json.dumps(notice).encode()).findings[0].recipient == "a?@b.example"
    assert len(read(head + json.dumps(notice).encode()).findings) == 1
    for text in (
        b'{"notificationType":' + b"[" * 100_000,
        b'{"notificationType":"Bounce"}',
        b'{"Type":"x","Message":"7"}',
    ):
        assert read(head + text).findings == ()

"""Automatic answers and challenges are told from bounces and from mail of people."""

from __future__ import annotations

import pytest

from postduif.bounce.finding import Kind
from postduif.bounce.reading import read
from postduif.bounce.score import facts


def mail(subject: str = "Re: March", fields: str = "", text: str = "I am reading it next week.") -> bytes:
    """A mail from Anna."""
    return f"From: Anna <anna@here.example>\nTo: news@list.example\nSubject: {subject}\n{fields}\n{text}\n".encode()


@pytest.mark.parametrize(
    "fields",
    [
        "Auto-Submitted: auto-replied\n",
        "Auto-Submitted: auto-replied (vacation)\nReturn-Path: <>\n",
        "X-Autoreply: yes\n",
        "X-Autorespond: March\n",
        "Precedence: auto_reply\n",
        "X-Apple-Action: VACATION/1\n",
        "X-MS-Exchange-Inbox-Rules-Loop: anna@here.example\n",
    ],
)
def test_by_field(fields: str) -> None:
    """A field says that a program answered (RFC 3834 section 5, and what was used before it)."""
    reading = read(mail(fields=fields))
    assert reading.kind is Kind.AUTO_REPLY
    assert [one.recipient for one in reading.findings] == ["anna@here.example"]


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: March",
        "Auto: March",
        "Out of Office: March",
        "Re: I am away until Monday",
        "Automatische Antwort: March",
        "Abwesenheitsnotiz",
        "Automatisch antwoord: March",
        "=?utf-8?Q?R=C3=A9ponse_automatique?= : March",
        "Respuesta automática: March",
        "Автоответ: March",
        "=?iso-2022-jp?B?GyRCSVQ6XxsoQg==?=",
    ],
)
def test_by_subject(subject: str) -> None:
    """Or the subject says it, in any of the usual languages."""
    assert read(mail(subject)).kind is Kind.AUTO_REPLY


def test_by_words() -> None:
    """A bulk answer that tells of an absence is one; the same words from a person are not."""
    text = "I am on vacation and will be back in May."
    assert read(mail(fields="Precedence: bulk\n", text=text)).kind is Kind.AUTO_REPLY
    assert read(mail(fields="Auto-Submitted: auto-generated\n", text=text)).kind is Kind.AUTO_REPLY
    assert read(mail(text=text)).kind is Kind.NOTHING


def test_people_and_lists() -> None:
    """Mail of people, machines that answer nobody, and lists is nothing."""
    assert read(mail()).kind is Kind.NOTHING
    assert read(mail(fields="Auto-Submitted: no\n")).kind is Kind.NOTHING
    assert read(mail(fields="Auto-Submitted: auto-generated\n")).kind is Kind.NOTHING
    assert read(mail("Out of office, a film", "List-Id: <films.example>\n")).kind is Kind.NOTHING


def test_a_bounce_that_says_auto_replied() -> None:
    """A notification carries the same field, and is a bounce all the same."""
    text = "This is the mail system at host mx.example.\n\n<anna@gone.example>: host mx said: 550 5.1.1 no anna"
    content = mail("Undelivered Mail Returned to Sender", "Auto-Submitted: auto-replied\nReturn-Path: <>\n", text)
    assert read(content).kind is Kind.BOUNCE


def test_a_mail_system_is_not_away() -> None:
    """A bounce in words that no format knows stays a bounce, though it says auto-replied."""
    content = mail("Sorry", "Auto-Submitted: auto-replied\n", "It failed:\n\n<ben@gone.example>: 550 5.1.1 no ben")
    reading = read(content.replace(b"anna@here", b"MAILER-DAEMON@here"))
    assert (reading.kind, reading.findings[0].recipient) == (Kind.BOUNCE, "ben@gone.example")
    assert read(mail(fields="Auto-Submitted: auto-replied\n").replace(b"anna@", b"postmaster@")).kind is Kind.NOTHING


@pytest.mark.parametrize(
    ("subject", "fields", "text"),
    [
        ("Please confirm your message", "", "Click on this link to deliver your message to Anna."),
        ("Your email requires verification verify#1", "", "To release your mail, prove you are a human."),
        ("March", "X-Boxbe-Challenge: 1\n", "Hello"),
    ],
)
def test_challenge(subject: str, fields: str, text: str) -> None:
    """A question to prove that one is a person is neither a bounce nor an answer."""
    assert read(mail(subject, fields, text)).kind is Kind.CHALLENGE


def test_never_a_failure() -> None:
    """Neither says anything against the address."""
    for content in (mail("Out of Office"), mail("Please confirm your message", text="to deliver your message, click")):
        (fact,) = facts(content)
        assert (fact["category"], fact["hard"], fact["status"]) == ("auto_reply", False, None)

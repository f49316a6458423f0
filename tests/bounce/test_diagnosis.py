"""The codes in the words of a report are found, and what comes out never contradicts itself."""

from __future__ import annotations

import pytest

from postduif.bounce.diagnosis import diagnose


@pytest.mark.parametrize(
    ("words", "status", "action", "code", "found"),
    [
        ("550 5.1.1 no such user", "", "failed", 550, "5.1.1"),
        ("host x said: 550-5.7.1 go away 550 5.7.1 (in reply to RCPT)", "5.0.0", "failed", 550, "5.7.1"),
        ("no mailbox here (#5.1.1)", "", "failed", 554, "5.1.1"),
        ("452 4.2.2 full", "5.0.0", "failed", 452, "4.2.2"),
        ("550 no such user", "5.1.1", "failed", 550, "5.1.1"),
        ("550 no such user", "5.0.0", "failed", 550, "5.0.0"),
        ("450 later", "5.0.0", "failed", 450, "4.0.0"),
        ("550 no", "4.4.7", "failed", 550, "5.0.0"),
        ("554 bad name of yours", "4.0.0", "failed", 451, "4.0.0"),
        ("554 4.4.7 expired <421 4.4.2 timed out>", "4.4.7", "failed", 451, "4.4.2"),
        ("retry timeout exceeded", "", "failed", 451, "4.4.7"),
        ("mailbox is full", "", "failed", 554, "5.0.0"),
        ("connection timed out", "", "delayed", 451, "4.0.0"),
        ("250 2.1.5 Ok", "2.1.5", "delivered", 250, "2.1.5"),
        ("handed over", "2.0.0", "relayed", 250, "2.0.0"),
        ("250 ok, but then 550 5.1.1 no", "", "failed", 550, "5.1.1"),
        ("", "5.2.1", "failed", 554, "5.2.1"),
        ("", "5.02.01 (words)", "failed", 554, "5.2.1"),
        ("", "", "failed", 554, "5.0.0"),
        ("ERROR_CODE :550, ERROR_CODE :5.1.1 no", "", "failed", 550, "5.1.1"),
        ("from 192.0.2.4 by Exim 4.9.2-5 at 08:55:00, 550 bytes", "", "failed", 554, "5.0.0"),
        ("Microsoft SMTP Server 5.5.1960.3", "", "failed", 554, "5.0.0"),
    ],
)
def test_codes(words: str, status: str, action: str, code: int, found: str) -> None:
    """A code that the host wrote goes before the report's Status; a Status that says something, before nothing."""
    reply = diagnose(words, status=status, action=action)
    assert (reply.code, reply.status) == (code, found)
    assert str(reply.code)[0] == reply.status[0]


def test_words() -> None:
    """Codes before the words are left out of them, spaces become one, and what cannot be printed a question mark."""
    reply = diagnose("550 5.1.1  no\n such \x00 user", remote_mta="mx.gone.example")
    assert reply.text == "no such ? user"
    assert reply.remote_mta == "mx.gone.example"


def test_long_words_are_cut() -> None:
    """What a host said at great length is kept in part."""
    assert len(diagnose("550 " + "no " * 10_000).text) <= 2000

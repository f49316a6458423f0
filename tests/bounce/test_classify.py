"""From what a host said to what it means."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from postduif.bounce.category import CATEGORIES, severity
from postduif.bounce.classify import Class, classify
from postduif.bounce.diagnostic import read_diagnostic
from postduif.reply import Reply

MEANT = [
    (
        "550 5.1.1 <b@remote.example>: Recipient address rejected: User unknown in virtual mailbox table",
        "recipient_unknown",
    ),
    ("550 No such user (b@remote.example)", "recipient_unknown"),
    ("550 5.1.1 <b@remote.example>... User unknown", "recipient_unknown"),
    ("550 Requested action not taken: mailbox unavailable", "recipient_unknown"),
    ("550 5.1.1 Mailbox full", "mailbox_full"),
    ("550 5.2.1 User unknown", "recipient_unknown"),
    ("452 4.2.2 The email account that you tried to reach is over quota", "mailbox_full"),
    ("550 5.7.1 User unknown; your IP is blacklisted", "blocked"),
    ("550 5.7.1 This message does not pass authentication checks (SPF and DKIM both do not pass)", "auth"),
    ("451 4.7.1 Greylisting in action, please come back in 5 minutes", "rate_limited"),
    ("553 5.1.8 <news@us.example> Sender address rejected: Domain not found", "sender_rejected"),
    ("450 4.1.2 <b@remote.example>: Recipient address rejected: Domain not found", "network"),
    ("550 5.1.2 <b@remote.example>: Recipient address rejected: Domain not found", "domain_unknown"),
    ("554 5.7.1 <b@remote.example>: Relay access denied", "relaying"),
    ("554 5.4.6 Too many hops", "network"),
    ("250 2.0.0 OK queued", "delivered"),
    ("550 5.6.7 something never heard of", "content"),
    ("550 something never heard of", "unknown"),
    ("smtp; 550-5.1.1 The email account that you tried to reach\n550 5.1.1 does not exist.", "recipient_unknown"),
    ("550 Empfänger unbekannt", "recipient_unknown"),
    ("550 Empf?nger unbekannt", "unknown"),
    ("552 Почтовый ящик переполнен", "mailbox_full"),
]


@pytest.mark.parametrize(("text", "category"), MEANT, ids=[text[:40] for text, _ in MEANT])
def test_meaning(text: str, category: str) -> None:
    """A reply means what its words say; its codes count where the words say nothing."""
    assert classify(read_diagnostic(text)).category == category


def test_rule_is_named() -> None:
    """The class names the rule that said so, and none where none did."""
    assert classify(Reply(550, "5.1.1", "<b@remote.example>: User unknown")) == Class(
        "recipient_unknown", "hard", "unknown-user"
    )
    assert classify(Reply(550, "", "xyzzy")) == Class("unknown", "soft", "")


def test_transient_is_never_hard() -> None:
    """What may pass is no proof against an address."""
    assert classify(Reply(450, "4.1.1", "User unknown in relay recipient table")).severity == "soft"
    assert classify(Reply(550, "5.1.1", "User unknown in relay recipient table")).severity == "hard"


def test_own_fault_never_counts_against_the_recipient() -> None:
    """Content, blocks, authentication and rates weigh "block" whatever the code."""
    ours = {name for name, category in CATEGORIES.items() if category.group in ("content", "block", "rate_limited")}
    assert {severity(name, code) for name in ours for code in (0, 450, 550)} == {"block"}
    others = {severity(name, 550) for name in CATEGORIES.keys() - ours}
    assert others == {"hard", "soft", "none"}


def test_addresses_say_nothing() -> None:
    """No word of an address is taken for a word of the host."""
    plain = classify(Reply(550, "5.7.1", "<b@remote.example> refused"))
    assert classify(Reply(550, "5.7.1", "<user.unknown@mailbox.full.example> refused")) == plain
    assert classify(Reply(550, "5.7.1", "spam.virus@quota.example refused")) == plain


def test_variable_parts_say_nothing() -> None:
    """Queue ids, numbers, times and host names change nothing."""
    text = "host mx{0}.example[192.0.2.{0}] said: mailbox of {0}a{0}f@example.com is full (id 7F{0}AB{0})"
    assert len({classify(Reply(552, "5.2.2", text.format(number))) for number in range(50)}) == 1


def test_code_in_the_text_comes_before_the_status_of_the_report() -> None:
    """A Status of 5.0.0 or 4.4.7 hides what the host said; its own code tells."""
    said = Reply(0, "5.0.0", "smtp; 550 5.1.1 <b@remote.example> sorry")
    assert classify(said) == Class("recipient_unknown", "hard", "status-recipient-unknown")
    assert classify(Reply(0, "4.4.7", "550 5.2.2 sorry")).category == "mailbox_full"


@pytest.mark.parametrize("said_by", ["docomo", "mfsmax.docomo.ne.jp", "DOCOMO.NE.JP."])
def test_provider(said_by: str) -> None:
    """A rule of a provider fits when caller or remote host say that it is this one, and not otherwise."""
    reply = Reply(550, "", "Unknown user b@remote.example")
    assert classify(reply, said_by).category == "recipient_filtered"
    assert classify(Reply(reply.code, "", reply.text, said_by)).category == "recipient_filtered"
    assert classify(reply, "example.com").category == "recipient_unknown"


@pytest.mark.parametrize(
    "word", ["user ", "not user ", "a@", "@", "5.1.1 ", "<", "请", "é", "\x00", ". ", "is not ", "\ud800"]
)
def test_any_text_in_bounded_time(word: str) -> None:
    """A text of a megabyte, whatever it repeats, is classed in some milliseconds."""
    start = time.process_time()
    classify(Reply(550, "", word * (1_000_000 // len(word))))
    assert time.process_time() - start < 0.5


def test_only_the_beginning_is_read() -> None:
    """What stands after 2,000 characters is not looked at."""
    assert classify(Reply(550, "", "x " * 1000 + "user unknown")).category == "unknown"
    assert classify(Reply(550, "", "x " * 900 + "user unknown")).category == "recipient_unknown"


def test_page_has_every_category() -> None:
    """The manual's table is that of the program."""
    page = (Path(__file__).parents[2] / "docs" / "bounces-classes.md").read_text(encoding="utf-8")
    rows = [f"| `{name}` | {one.group} | {one.severity} | {one.meaning} |" for name, one in CATEGORIES.items()]
    assert [line for line in page.splitlines() if line.startswith("| `") and line.count("|") == 5] == rows

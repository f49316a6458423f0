"""Nouns survive being rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from postduif.address import NULL_SENDER, Address, parse
from postduif.attempt import Attempt, Kind
from postduif.envelope import Entry, Recipient
from postduif.queue import rows
from postduif.reply import Reply
from tests.queue.mail import envelope

localparts = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20)


@given(localparts, st.sampled_from(["example.com", "[192.0.2.1]", "[IPv6:2001:db8::1]", ""]))
def test_every_address_comes_back(localpart: str, domain: str) -> None:
    """Whatever the local part needs quotes for, and without a domain (postmaster) too."""
    address = Address(localpart, domain)
    assert rows.address(str(address)) == address


def test_the_null_sender_comes_back() -> None:
    """The empty address is the null sender, and an ordinary one is what was parsed."""
    assert rows.address(str(NULL_SENDER)) == NULL_SENDER
    assert rows.address("a.b+c@example.com") == parse("a.b+c@example.com")


@given(st.floats(0, 4e9))
def test_moments_are_never_later_by_more_than_a_microsecond(seconds: float) -> None:
    """A due time is kept to 0.1 ms, rounded down, and keeping it again changes nothing."""
    moment = rows.moment(seconds)
    assert seconds - 1.01e-4 <= moment <= seconds + 2e-6
    assert rows.moment(moment) == moment
    assert float(f"{moment:.15g}") == moment


def test_recipient_ids_belong_to_their_message() -> None:
    """The message's id is in the recipient's."""
    assert rows.message_of(rows.first_recipient(17)) == 17
    assert rows.message_of(rows.first_recipient(17) + rows.MAX_RECIPIENTS) == 17


def test_an_endless_reply_fills_no_disk() -> None:
    """Of what a host says, the journal and the queue keep 2,000 characters."""
    reply = Reply(450, "4.2.0", "no " * 20_000, "mx.example.com")
    entry = Entry(envelope(), Recipient(parse("b@example.com"), id=1, last_reply=reply))
    row = rows.journal_row(entry, Attempt(Kind.DEFERRED, reply, 1.0))
    assert sum(len(value) for value in row if isinstance(value, str)) < 2200
    assert sum(len(value) for value in rows.reply_columns(reply) if isinstance(value, str)) < 2200
    assert row[10] == rows.reply_columns(reply)[2] == reply.text[:2000]

"""From what the peer said to what the queue records."""

from __future__ import annotations

import pytest

from postduif.address import Address
from postduif.attempt import Kind
from postduif.bounce.address_state import What
from postduif.bounce.effect import effect_of
from postduif.config.schema import Delivery
from postduif.envelope import Entry, Envelope, Recipient
from postduif.mta.transaction import Transaction
from postduif.mta.verdict import Circumstances, expired, of_reply, of_transaction
from postduif.queue.store import Outcome
from postduif.reply import Reply

NOW = 10_000.0
ABOUT = Circumstances("site", NOW, 0.5, host="mx[192.0.2.1]:25", connect=1.0, transmit=2.0)
SETTINGS = Delivery(retry="1m, 1h", retry_jitter=0.0)
OK, FULL, UNKNOWN = Reply(250, "2.0.0", "ok"), Reply(452, "4.2.2", "full"), Reply(550, "5.1.1", "unknown")
LOST = Reply(421, "4.4.2", "connection lost")


def entry(name: str, attempts: int = 0, expires_at: float = 1e9) -> Entry:
    """One leased recipient."""
    envelope = Envelope(Address("s", "a.example"), id=7, received_at=NOW - 100, expires_at=expires_at)
    return Entry(envelope, Recipient(Address(name, "b.example"), id=1, attempts=attempts, due=NOW - 50))


def outcomes(
    *rcpt: Reply, final: Reply | None = OK, mail: Reply = OK, sent: bool = True, lost: Reply | None = None
) -> list[Outcome]:
    """What becomes of as many recipients as there are replies to RCPT."""
    one = Transaction(
        b"", [b""] * len(rcpt), b"", mail_reply=mail, rcpt_replies=list(rcpt), final_reply=final, content_sent=sent
    )
    return of_transaction([entry(str(number)) for number in range(len(rcpt))], one, ABOUT, lost, SETTINGS)


def test_each_recipient_has_its_own() -> None:
    """One reply per recipient: the final one for those whom RCPT took (RFC 5321 3.3)."""
    delivered, deferred, failed = outcomes(OK, FULL, UNKNOWN)
    assert (delivered.attempt.kind, delivered.due) == (Kind.DELIVERED, None)
    assert (deferred.attempt.kind, deferred.due) == (Kind.DEFERRED, NOW + 60)
    assert (failed.attempt.kind, failed.due, failed.attempt.reply) == (Kind.FAILED, None, UNKNOWN)


def test_which_command_it_answers() -> None:
    """Of what was not taken is kept which command the peer answered; of what we say ourselves, none."""
    mail = outcomes(OK, mail=UNKNOWN, final=None)
    several = outcomes(FULL, OK, UNKNOWN, OK, final=FULL)
    lost = outcomes(UNKNOWN, OK, final=None, lost=LOST)
    assert [one.attempt.command for one in (*mail, *several, *lost)] == [
        "MAIL", "RCPT", "content", "RCPT", "content", "RCPT", "",
    ]  # fmt: skip
    assert [one.attempt.command for one in outcomes(OK, UNKNOWN, OK)] == ["", "RCPT", ""]


def test_a_refused_mail_is_everybodys() -> None:
    """The reply to MAIL is the verdict for all, whatever the replies to RCPT were."""
    refused = Reply(550, "5.7.1", "no")
    assert [one.attempt.reply for one in outcomes(UNKNOWN, UNKNOWN, mail=refused, final=None)] == [refused] * 2


def test_in_doubt_after_the_content() -> None:
    """A connection lost between the content and the reply leaves the accepted ones in doubt, and only those."""
    accepted, refused = outcomes(OK, UNKNOWN, final=None, lost=LOST)
    assert (accepted.attempt.kind, accepted.due) == (Kind.AMBIGUOUS, NOW + 60)
    assert refused.attempt.kind is Kind.FAILED


def test_lost_before_the_content() -> None:
    """Before the content was sent nothing is in doubt: it is tried again."""
    assert [one.attempt.kind for one in outcomes(OK, final=None, sent=False, lost=LOST)] == [Kind.DEFERRED]


def test_552_to_rcpt_is_452() -> None:
    """552 in answer to RCPT is transient (RFC 5321 4.5.3.1.10), in answer to the content it is final."""
    assert outcomes(Reply(552, "", "too many"))[0].attempt.reply.transient
    assert outcomes(OK, final=Reply(552, "5.3.4", "too big"))[0].attempt.kind is Kind.FAILED
    assert outcomes(Reply(552, "5.2.2", "mailbox full"))[0].attempt.kind is Kind.FAILED


def test_too_many_recipients_go_at_once() -> None:
    """Those for whom there was no more room in the transaction are tried again at once, in another."""
    taken, rest = outcomes(OK, Reply(452, "4.5.3", "Too many recipients"))
    assert taken.due is None
    assert rest.due == NOW


def test_no_wait_goes_beyond_the_lifetime() -> None:
    """The last look is at the end of the lifetime."""
    assert of_reply(entry("a", expires_at=NOW + 5), FULL, ABOUT, SETTINGS).due == NOW + 5


@pytest.mark.parametrize(("attempts", "wait"), [(0, 60), (1, 3600), (7, 3600)])
def test_the_schedule(attempts: int, wait: float) -> None:
    """Earlier attempts decide how long the wait is."""
    assert of_reply(entry("a", attempts), FULL, ABOUT, SETTINGS).due == NOW + wait


def test_expired() -> None:
    """What outlived its lifetime fails with 5.4.7 and leaves the queue."""
    outcome = expired(entry("a"), ABOUT)
    assert (outcome.attempt.kind, outcome.attempt.reply.enhanced, outcome.due) == (Kind.EXPIRED, "5.4.7", None)


def test_the_delay_is_split() -> None:
    """The journal tells waiting in the queue from connecting and from sending."""
    first = of_reply(entry("a"), OK, ABOUT, SETTINGS).attempt
    assert (first.in_queue, first.connect, first.transmit) == (97.0, 1.0, 2.0)
    assert of_reply(entry("a", attempts=1), OK, ABOUT, SETTINGS).attempt.in_queue == 47.0


def effects(*outcomes: Outcome) -> list[What]:
    """What these ends do to the addresses."""
    return [effect_of(one.attempt.category, one.attempt.reply.code) for one in outcomes]


NO_USER = Reply(550, "5.1.1", "User unknown", "mx.b.example")


def test_only_its_own_rcpt_says_that_an_address_is_bad() -> None:
    """Refused by its own RCPT an address is bad, and it alone; a MAIL refused, or a greeting, is about us."""
    assert effects(*outcomes(OK, OK, NO_USER, final=FULL)[2:]) == [What.HARD]
    assert effects(*outcomes(OK, OK, mail=NO_USER)) == [What.BLOCK] * 2
    assert effects(of_reply(entry("a"), NO_USER, ABOUT, SETTINGS)) == [What.BLOCK]


@pytest.mark.parametrize(
    ("reply", "said_of_one", "said_of_two"),
    [
        (NO_USER, What.HARD, What.SOFT),
        (Reply(550, "", "User unknown", "mx.b.example"), What.SOFT, What.SOFT),
        (Reply(552, "5.2.2", "Mailbox full", "mx.b.example"), What.MAILBOX_FULL, What.MAILBOX_FULL),
        (Reply(554, "5.7.1", "Spam message rejected", "mx.b.example"), What.BLOCK, What.BLOCK),
    ],
)
def test_after_the_content(reply: Reply, said_of_one: What, said_of_two: What) -> None:
    """ "No such user" in answer to the content is believed when there is one it can mean, and a status says so too."""
    assert effects(*outcomes(OK, final=reply)) == [said_of_one]
    assert effects(*outcomes(OK, OK, final=reply)) == [said_of_two] * 2


def test_never_refused_for_good() -> None:
    """Who was "unknown" with a 4yz to the end of the lifetime is not taken for unknown; it counts as a soft error."""
    deferred = entry("a")
    deferred.recipient.last_reply = Reply(450, "4.1.1", "unverified address", "mx.b.example")
    assert effects(expired(deferred, ABOUT)) == [What.SOFT]

"""From what the peer said to what the queue records: one Outcome per recipient. Pure: time and chance are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from postduif.attempt import Attempt, Kind
from postduif.bounce.category import severity
from postduif.bounce.classify import classify
from postduif.bounce.effect import Scope, within
from postduif.config.schema import Delivery
from postduif.envelope import Entry
from postduif.mta.retry import give_up, next_attempt
from postduif.mta.transaction import Transaction
from postduif.queue.mailing import number_of
from postduif.queue.store import Outcome
from postduif.reply import Reply

AFTER_LAST = 1.0  # seconds from the last try to the end


class Circumstances(NamedTuple):
    """What all recipients of one try have in common. Times in seconds."""

    site: str
    now: float
    """Seconds since the epoch."""
    chance: float
    """In [0, 1): where in its jitter a retry falls."""
    source: str = ""
    host: str = ""
    tls: str = ""
    connect: float = 0.0
    transmit: float = 0.0
    command: str = ""
    """That the reply answers, when it is not positive."""


def of_transaction(
    entries: Sequence[Entry], transaction: Transaction, about: Circumstances, lost: Reply | None, settings: Delivery
) -> list[Outcome]:
    """Outcomes of a transaction that ended, or that a `lost` connection took with it."""
    replies = transaction.verdicts(lost or Reply(421, "4.4.2", "no reply"))
    in_doubt = lost is not None and transaction.in_doubt
    outcomes = []
    for index, (entry, reply) in enumerate(zip(entries, replies, strict=True)):
        command = ""
        if not reply.positive:
            command = transaction.answered(index, reply)
            about = about._replace(command=command)
        if command == "RCPT" and _too_many(reply) and transaction.accepted:
            outcomes.append(_deferred(entry, _as_452(reply), about, about.now))
        elif in_doubt and reply is lost:
            outcomes.append(_later(entry, reply, about, settings, Kind.AMBIGUOUS))
        else:
            said = _as_452(reply) if command == "RCPT" else reply
            outcomes.append(of_reply(entry, said, about, settings, transaction.scope(command)))
    return outcomes


def of_reply(
    entry: Entry, reply: Reply, about: Circumstances, settings: Delivery, scope: Scope | None = None
) -> Outcome:
    """The outcome of one reply for one recipient. `scope` None: there was no transaction.

    What a peer says before one is about us; what we say ourselves then, about the recipient, his domain or the mail.
    """
    if scope is None:
        scope = Scope.ALL if reply.remote_mta else Scope.ONE
    if reply.positive:
        return Outcome(entry, _attempt(Kind.DELIVERED, entry, reply, about), None)
    if reply.permanent:
        return Outcome(entry, _attempt(Kind.FAILED, entry, reply, about, scope), None)
    return _later(entry, reply, about, settings, Kind.DEFERRED)


def had_last_try(entry: Entry) -> bool:
    """It was tried when its lifetime was over: that is the end. What was not has one try more, however late it is."""
    return entry.recipient.due > entry.envelope.expires_at


def past_validity(entry: Entry, now: float) -> bool:
    """It is of a mailing whose validity is over: nobody wants it any more, tried or not."""
    return number_of(entry.envelope.stream) > 0 and entry.envelope.expires_at <= now


def expired(entry: Entry, about: Circumstances) -> Outcome:
    """It outlived its lifetime."""
    return Outcome(entry, _attempt(Kind.EXPIRED, entry, give_up(entry.recipient.last_reply), about), None)


def _later(entry: Entry, reply: Reply, about: Circumstances, settings: Delivery, kind: Kind) -> Outcome:
    due = next_attempt(
        settings.retry,
        entry.recipient.attempts + 1,
        about.now,
        reply,
        jitter=settings.retry_jitter,
        chance=about.chance,
    )
    return _deferred(entry, reply, about, due, kind)


def _deferred(entry: Entry, reply: Reply, about: Circumstances, due: float, kind: Kind = Kind.DEFERRED) -> Outcome:
    # The last try is at the end of its lifetime, or later when we were down then. Soon after it comes the end, and if
    # not even then, because the clock cannot be trusted, it goes on as before.
    if about.now < entry.envelope.expires_at:
        due = min(due, entry.envelope.expires_at)
    elif not had_last_try(entry):
        due = about.now + AFTER_LAST
    return Outcome(entry, _attempt(kind, entry, reply, about), due)


def _attempt(kind: Kind, entry: Entry, reply: Reply, about: Circumstances, scope: Scope = Scope.ONE) -> Attempt:
    envelope, recipient = entry.envelope, entry.recipient
    if kind is Kind.EXPIRED:
        category = _category_in_the_end(recipient.last_reply or reply, about.site)
    else:
        category = "" if reply.positive else within(scope, _category(reply, about.site), reply)
    waiting_since = recipient.due if recipient.attempts else envelope.received_at
    return Attempt(
        kind=kind,
        reply=reply,
        at=about.now,
        site=about.site,
        source=about.source,
        host=about.host,
        tls=about.tls,
        before_queue=envelope.before_queue,
        in_queue=max(0.0, about.now - about.connect - about.transmit - waiting_since),
        connect=about.connect,
        transmit=about.transmit,
        category=category,
        command="" if reply.positive or kind is Kind.EXPIRED else about.command,
    )


def _category(reply: Reply, site: str) -> str:
    return reply.category or classify(reply, site).category


def _category_in_the_end(last: Reply, site: str) -> str:
    """Of what outlived its lifetime. "No such user" that they never said for good is no such verdict."""
    category = classify(last, site).category
    return "expired" if severity(category, 0) == "hard" and not last.permanent else category


def _too_many(reply: Reply) -> bool:
    """The peer wants fewer recipients in one transaction (RFC 5321 4.5.3.1.10)."""
    return reply.code in (452, 552) and (reply.enhanced in ("4.5.3", "5.5.3") or "too many" in reply.text.lower())


def _as_452(reply: Reply) -> Reply:
    """552 to RCPT is to be treated as 452 (RFC 5321 4.5.3.1.10), unless it speaks of the mailbox itself (x.2.y)."""
    if reply.code == 552 and not reply.enhanced.startswith("5.2."):
        return replace(reply, code=452, enhanced=reply.enhanced.replace("5", "4", 1))
    return reply

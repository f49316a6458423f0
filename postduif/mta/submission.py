"""The one door: every mail, from a socket or from us, enters the queue here and nowhere else.

Promises: who may not relay is refused in the session, before a byte of the message; what is accepted has a trace
header, no hidden recipients, a readable author and a way out of loops; `250` is said only after the queue has it on
disk. Deciding (`prepare`, `may_*`) is pure and synchronous; only `accept` waits, for the commit.

Leaves to others: SMTP syntax, sizes and counts (the server), signing and re-encoding (delivery), notifications
(`bounce.report`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from prometheus_client import Counter

from postduif import log, sender_pattern
from postduif.address import Address
from postduif.clock import Clock
from postduif.config.schema import Config, Listener
from postduif.envelope import Envelope, Message
from postduif.errors import AddressError, StoreError, StoreFull
from postduif.header import unfold
from postduif.header_text import date, message_id
from postduif.mta import author, metrics, modifications, relaying, trace
from postduif.mta.mail_content import Lines
from postduif.mta.modifications import Section
from postduif.mta.return_addresses import ReturnAddresses
from postduif.mta.return_rates import ReturnRates
from postduif.mta.suppressions import Suppressions
from postduif.queue.change import Task
from postduif.queue.store import Store
from postduif.reply import Reply

MAX_VISITS = 5
"""Received fields of our own before we say that mail goes round (554 5.4.6); a forwarder comes back once or twice."""
MAX_MESSAGE_ID = 998  # characters kept in the envelope
NAMED = 5  # recipients that are named in the log when all of them are refused


_LOOP = Reply(554, "5.4.6", "too many hops: this mail goes round in circles")
_LONG_HEADER = Reply(552, "5.3.4", f"the header section is longer than {modifications.MAX_HEADER} octets")
_NOT_UTF8 = Reply(554, "5.6.0", "the header section is neither ASCII nor UTF-8; encode it (RFC 2047)")
_NO_FROM = Reply(554, "5.6.0", "no From field; add one (RFC 5322 3.6)")
_TWO_FROMS = Reply(554, "5.6.0", "more than one From field; send exactly one (RFC 5322 3.6)")
_TWO_STREAMS = Reply(554, "5.6.0", "more than one X-Postduif-Stream field; send one at most")
_FULL = Reply(452, "4.3.1", "not enough storage here; try again later")
_DISK = Reply(451, "4.3.0", "the message could not be stored; try again later")


@dataclass(frozen=True, slots=True)
class Client:
    """Who hands over mail, as the server sees it."""

    address: str
    """IP address; "" is this machine without a connection."""
    ehlo: str
    user: str
    """"" is not authenticated."""
    tls: str
    """"" is in the clear, else protocol and cipher."""
    trusted: bool
    """Its address is in one of the listener's trusted networks."""
    listener: Listener
    esmtp: bool = True
    """It said EHLO, not HELO."""
    utf8: bool = False
    """This transaction has the SMTPUTF8 parameter (RFC 6531 3.4)."""
    senders: tuple[str, ...] = ()
    """The addresses it may use, in MAIL and in From (`sender_pattern`). None: any."""
    protocol: str = ""
    """The WITH keyword of its Received field, where it does not speak SMTP."""


class Prepared(NamedTuple):
    """A mail as it goes into the queue."""

    envelope: Envelope
    message: Message


def prepare(config: Config, client: Client, envelope: Envelope, content: Lines, now: float) -> Prepared | Reply:
    """Decide about one whole mail: what is queued, or the refusal. Changes neither argument.

    `content` is not dot-stuffed. `envelope.id`, when set, goes into the trace header.
    """
    submitted = client.listener.role == "submission"
    section = modifications.read(content, hide=submitted)
    if section is None:
        return _LONG_HEADER
    if _goes_round(config, client, section):
        return _LOOP
    header_from = _header_from(section, envelope.sender, strict=submitted)
    if isinstance(header_from, Reply):
        return header_from
    if client.senders and not _own_author(section, client.senders):
        return relaying.NOT_YOURS
    stream = _stream(config, client, section)
    if isinstance(stream, Reply):
        return stream
    ids = section.values(b"message-id")
    named = unfold(ids[0])[:MAX_MESSAGE_ID] if ids else message_id(config.server.hostname, now) if submitted else ""
    header = section.octets + (_added(section, envelope.sender, named, now) if submitted else b"")
    utf8 = _is_utf8(header)
    if submitted and utf8 is None:
        return _NOT_UTF8
    whole = b"".join((_received(config, client, envelope, now), header, b"\r\n", content[section.body_at :]))
    message = Message(whole, eight_bit=not whole.isascii(), smtputf8=bool(utf8))
    queued = Envelope(
        sender=envelope.sender,
        recipients=relaying.rewritten(config, client.listener, envelope.recipients),
        id=envelope.id,
        stream=stream,
        received_at=envelope.received_at or now,
        before_queue=envelope.before_queue,
        expires_at=(envelope.received_at or now) + config.delivery.lifetime,
        envid=envelope.envid,
        ret=envelope.ret,
        origin=envelope.origin or _origin(client),
        size=len(whole),
        message_id=named,
        header_from=header_from,
        eight_bit=message.eight_bit,
        smtputf8=message.smtputf8,
        bulk=section.automatic,
    )
    return Prepared(queued, message)


class Submission:
    """The door. One per daemon; listeners and everything local share it."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        refuses_replies: Callable[[str], Reply | None] | None = None,
        suppressions: Suppressions | None = None,
        returns: ReturnAddresses | None = None,
    ) -> None:
        """`refuses_replies` is asked about a sender's domain (`Sites.refuses_replies`). None: nobody is refused."""
        self._store = store
        self._suppressions = suppressions
        self.returns = returns
        self._rates = ReturnRates()
        self._clock = clock
        self.reload(config, refuses_replies)

    def reload(self, config: Config, refuses_replies: Callable[[str], Reply | None] | None = None) -> None:
        """Use new settings from the next command on."""
        self._config = config
        self._refuses_replies = refuses_replies

    def may_send(self, client: Client, sender: Address) -> Reply | None:
        """May a transaction begin? Asked at MAIL. None is yes."""
        if self._store.full:
            metrics.REFUSED.labels(str(client.listener.address), "disk").inc()
            return _FULL
        if (refusal := relaying.may_send(client, sender)) is not None or not sender.domain:
            return refusal
        return self._refuses_replies(sender.domain) if self._refuses_replies else None

    def may_receive(self, client: Client, recipient: Address) -> Reply | None:
        """May this client send to `recipient`? Asked at RCPT. None is yes."""
        if self.returns is not None and recipient.domain == self.returns.domain and not _is_person(recipient):
            refusal = self.returns.refusal(recipient, self._clock.time())
            return refusal or self._rates.refusal(recipient.localpart, client.address, self._clock.monotonic())
        return relaying.may_receive(self._config, client, recipient)

    async def accept(self, client: Client, envelope: Envelope, content: Lines) -> Reply:
        """Queue one mail and return 250 with its queue id, only after commit and fsync; or the refusal.

        The caller has asked `may_send` and `may_receive`. Cancelled, the mail is in the queue whole or not at all.
        """
        envelope.id = self._store.next_id()
        prepared = self.prepare(client, envelope, content)
        if isinstance(prepared, Reply):
            return prepared
        try:
            refusal = await self._all_refused(prepared.envelope)
        except StoreError as error:
            return _not_stored(client, prepared.envelope, error)
        return refusal or await self.put(client, prepared)

    def prepare(self, client: Client, envelope: Envelope, content: Lines) -> Prepared | Reply:
        """What is queued of one whole mail, or the refusal, which is logged and counted."""
        prepared = prepare(self._config, client, envelope, content, self._clock.time())
        if isinstance(prepared, Reply):
            metrics.REFUSED.labels(str(client.listener.address), "content").inc()
            log.info("refused", client=client.address, user=client.user, sender=envelope.sender, reply=prepared)
        return prepared

    async def put(self, client: Client, prepared: Prepared, tasks: Sequence[Task] = ()) -> Reply:
        """Queue what was prepared, with `tasks` in the same transaction: 250 after the fsync, 451 or 452."""
        try:
            queue_id = await self._store.put(*prepared, tasks)
        except StoreError as error:
            return _not_stored(client, prepared.envelope, error)
        _note(client, prepared.envelope, queue_id)
        return Reply(250, "2.0.0", f"queued as {queue_id}")

    async def _all_refused(self, envelope: Envelope) -> Reply | None:
        """Nobody of them may get mail. Where somebody may, the others get their end from delivery."""
        if self._suppressions is None:
            return None
        addresses = [recipient.address for recipient in envelope.recipients]
        if not all(map(self._suppressions.suspect, addresses)):
            return None
        refusals = await self._suppressions.refusals(addresses, envelope.stream)
        if len(refusals) < len(set(addresses)):
            return None
        metrics.REFUSED_SUPPRESSED.inc()
        log.info(
            "refused",
            sender=envelope.sender,
            recipients=len(addresses),
            to=",".join(map(str, addresses[:NAMED])),
            reason="suppressed",
        )
        return refusals[addresses[0]]


def _not_stored(client: Client, envelope: Envelope, error: StoreError) -> Reply:
    if isinstance(error, StoreFull):
        return _FULL
    log.error("not stored", client=client.address, sender=envelope.sender, error=error)
    return _DISK


def _is_person(recipient: Address) -> bool:
    return recipient.localpart.lower() in relaying.OWN_LOCALPARTS


def _note(client: Client, envelope: Envelope, queue_id: int) -> None:
    messages, recipients = _received_counters(envelope.stream)
    messages.inc()
    recipients.inc(len(envelope.recipients))
    metrics.RECEIVED_BYTES.inc(envelope.size)
    if log.enabled("info"):
        log.info(
            "received",
            id=queue_id,
            sender=envelope.sender,
            recipients=len(envelope.recipients),
            size=envelope.size,
            client=client.address,
            user=client.user,
            tls=client.tls,
            stream=envelope.stream,
            message_id=envelope.message_id,
        )


@lru_cache(256)
def _received_counters(stream: str) -> tuple[Counter, Counter]:
    return metrics.RECEIVED.labels(stream), metrics.RECEIVED_RECIPIENTS.labels(stream)


def _goes_round(config: Config, client: Client, section: Section) -> bool:
    """Too many hops, or too often through us (RFC 5321 6.3)."""
    hops = section.values(b"received")
    if not hops:
        return False
    return len(hops) >= client.listener.max_hops or trace.visits(hops, config.server.hostname) >= MAX_VISITS


def _received(config: Config, client: Client, envelope: Envelope, now: float) -> bytes:
    only = str(envelope.recipients[0].address) if len(envelope.recipients) == 1 else ""
    return trace.received(
        ehlo=client.ehlo,
        address=client.address,
        hostname=config.server.hostname,
        protocol=client.protocol
        or trace.protocol(esmtp=client.esmtp, tls=bool(client.tls), authenticated=bool(client.user), utf8=client.utf8),
        tls=client.tls,
        queue_id=envelope.id,
        recipient=only,
        at=envelope.received_at or now,
    )


def _header_from(section: Section, sender: Address, *, strict: bool) -> str | Reply:
    """The author's domain. Without a From field the sender becomes the author, if there is one (RFC 6409 8)."""
    authors = section.values(b"from")
    if strict and len(authors) > 1:
        return _TWO_FROMS
    if not authors:
        return _NO_FROM if strict and not sender.domain else sender.domain
    try:
        return author.domain(unfold(authors[0]))
    except AddressError as error:
        return Reply(554, "5.6.0", f"the From field cannot be read: {error}") if strict else ""


def _own_author(section: Section, senders: tuple[str, ...]) -> bool:
    """Every author is an address that the client may use; without a From field the sender is, who was asked already."""
    try:
        return all(
            sender_pattern.allows(senders, one)
            for value in section.values(b"from")
            for one in author.addresses(unfold(value))
        )
    except AddressError:
        return False


def _added(section: Section, sender: Address, named: str, now: float) -> bytes:
    """The fields RFC 6409 8 lets a submission server add: From, Date and Message-ID, when they are missing."""
    added = b""
    if b"from" not in section.watched:
        added += f"From: <{sender}>\r\n".encode()
    if b"date" not in section.watched:
        added += f"Date: {date(now)}\r\n".encode("ascii")
    if b"message-id" not in section.watched:
        added += f"Message-ID: {named}\r\n".encode("ascii", "replace")
    return added


def _stream(config: Config, client: Client, section: Section) -> str | Reply:
    named = section.values(b"x-postduif-stream")
    if not named or not relaying.may_relay(client):
        return client.listener.stream
    if len(named) > 1:
        return _TWO_STREAMS
    name = unfold(named[0])
    if name in ("default", client.listener.stream) or any(name == stream.name for stream in config.stream):
        return name
    return Reply(554, "5.6.0", "X-Postduif-Stream names no stream; add it to the configuration as [[stream]]")


def _is_utf8(header: bytes) -> bool | None:
    """False: plain ASCII. None: neither."""
    if header.isascii():
        return False
    try:
        header.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return True


def _origin(client: Client) -> str:
    return "@".join(part for part in (client.user, client.address) if part) or "local"

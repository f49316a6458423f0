"""Mail that came back: taken from the queue, read, and acted on in the transaction that ends it there.

It came in by the inbound listener like any mail, to a signed address at the bounce domain, and was on disk before its
250. Nothing of it is lost: what cannot be read is kept for a person to look at, and forwarded if so configured. For
submitted mail the real sender gets what came back, as if it had come to him.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import NamedTuple

from postduif import address, header, log
from postduif.address import NULL_SENDER
from postduif.attempt import Attempt, Kind
from postduif.bounce import unprocessed
from postduif.bounce.address_state import Event
from postduif.bounce.classify import provider_of
from postduif.bounce.effect import effect_of
from postduif.bounce.finding import Reading
from postduif.bounce.judgement import Judged, judge
from postduif.bounce.reading import read
from postduif.bounce.subject import of_address
from postduif.bounce.verp import Found, Mailed, Purpose, Queued
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.envelope import Entry, Envelope, Message, Notify, Recipient
from postduif.errors import AddressError, StoreError
from postduif.mta import metrics
from postduif.mta.mailings import Mailings
from postduif.mta.return_addresses import FEEDBACK, ReturnAddresses
from postduif.mta.submission import MAX_MESSAGE_ID
from postduif.mta.suppressions import Suppressions
from postduif.queue import mailing, sent
from postduif.queue.change import Task
from postduif.queue.rows import first_recipient
from postduif.queue.scheduled import QueueKey
from postduif.queue.sent import Sent
from postduif.queue.store import Outcome, Store
from postduif.reply import Reply

CHUNK = 20  # mails of one lease
LARGE = 64 * 1024  # octets from which a mail is read in a thread
PAUSE = 1.0  # seconds before mail is looked at again that the queue file did not give or take
KEPT = 256 * 1024  # octets of an unprocessed mail that are kept: more of it is never read either
MOST_UNPROCESSED = 2_000
"""Mails that are kept for a person to look at; the latest."""
_SOURCES = {
    Kind.BOUNCED: "dsn",
    Kind.COMPLAINED: "arf",
    Kind.UNSUBSCRIBED: "unsubscribe",
    Kind.ANSWERED: "auto_reply",
}
_Notices = tuple[tuple[Envelope, Message], ...]


class _Work(NamedTuple):
    """What one mail comes to."""

    kind: str
    """For the metric."""
    says: str
    notices: _Notices = ()
    writing: Task | None = None
    """For the journal, or the unprocessed."""
    listing: Task | None = None
    """For the suppression list."""
    failure: tuple[str, str] | None = None
    """Category and provider of a bounce."""
    about: tuple[Sent, Attempt] | None = None
    """Whom it is about, and what happened."""


class Returns:
    """Works through scheduled queues of the bounce domain. `config` gives the settings in force."""

    def __init__(
        self,
        store: Store,
        suppressions: Suppressions,
        addresses: ReturnAddresses,
        config: Callable[[], Config],
        clock: Clock,
        mailings: Mailings | None = None,
    ) -> None:
        self._mailings = mailings
        self.addresses = addresses
        self._store = store
        self._suppressions = suppressions
        self._config = config
        self._clock = clock
        self._working: set[QueueKey] = set()

    def takes(self, key: QueueKey, spawn: Callable[[Coroutine[object, object, None]], None]) -> bool:
        """This scheduled queue is ours: it is worked through by a task that `spawn` starts, if none does so yet."""
        if key.domain != self.addresses.domain:
            return False
        if key not in self._working:
            self._working.add(key)
            spawn(self._work(key))
        return True

    async def _work(self, key: QueueKey) -> None:
        try:
            while entries := await self._store.lease(key, CHUNK):
                for number, entry in enumerate(entries):
                    try:
                        await self._take(entry)
                    except StoreError:
                        await self._clock.sleep(PAUSE)  # or they would be due again at once, and fail again
                        self._working.discard(key)  # so that the release finds somebody to begin anew
                        self._store.release(entries[number:])
                        raise
        finally:
            self._working.discard(key)

    async def tidy(self) -> None:
        """Forget unprocessed mail beyond its retention."""
        before = self._clock.time() - self._config().bounce.unprocessed_retention
        await self._store.do(unprocessed.tidy, before, MOST_UNPROCESSED)

    async def _take(self, entry: Entry) -> None:
        message = await self._store.content(entry.envelope.id)
        try:
            work = await self._understand(entry, message)
        except StoreError:
            raise
        except Exception as error:  # a mistake of ours costs one mail its effect, and no other anything
            log.error("failure", where="returns", id=entry.envelope.id, error=repr(error))
            work = self._unreadable(entry, message, "something went wrong here")
        attempt = Attempt(Kind.DELIVERED, Reply(250, "2.0.0", work.says), self._clock.time(), "returns")
        if work.about is not None:
            await self._note_in_mailing(*work.about)
        tasks = [task for task in (work.writing, work.listing) if task is not None]
        results = await self._store.settle([Outcome(entry, attempt, None)], work.notices, tasks)
        metrics.RETURNED.labels(work.kind).inc()
        if work.failure is not None:
            metrics.BOUNCES.labels(*work.failure).inc()
        if work.listing is not None:
            self._suppressions.learn(results[-1])
        log.info("returned", id=entry.envelope.id, to=entry.recipient.address, says=work.says)

    async def _understand(self, entry: Entry, message: Message) -> _Work:
        large = len(message.content) >= LARGE
        reading = await asyncio.to_thread(read, message.content) if large else read(message.content)
        found = self._found(entry, reading)
        if found is None:
            return self._unreadable(entry, message, "it names no mail of ours")
        about = await self._sent(found.whom)
        if about is None:
            return self._unreadable(entry, message, "the journal does not know the mail any more")
        judged = judge(found.purpose, reading)
        notices = self._forwarded(about, judged, message) if found.purpose is Purpose.BOUNCE else ()
        if judged is None:
            return self._unreadable(entry, message, "not understood", notices)
        if judged.kind is None:
            return _Work(reading.kind.value, f"{reading.kind.value}, from which nothing follows", notices)
        if await self._is_told(about, judged, judged.kind):
            return _Work("repeated", f"{judged.kind.value} once more, from which nothing follows", notices)
        if not about.recipient:
            return _Work(reading.kind.value, "about somebody who was erased")
        type_ = await self._type_of(about) if judged.kind is Kind.UNSUBSCRIBED else ""
        return self._effect(about, judged, judged.kind, notices, type_)

    async def _type_of(self, about: Sent) -> str:
        """The type of mail that it was; that of a mailing is in its file, also long after its end."""
        if self._mailings is not None and (number := mailing.number_of(about.stream)):
            return (await self._mailings.terms(number)).mail_type
        return self._suppressions.type_of(about.stream)

    async def _is_told(self, about: Sent, judged: Judged, kind: Kind) -> bool:
        """Somebody sends it again. What a person asks for, a complaint or an unsubscribe, is never taken for that."""
        if kind not in (Kind.BOUNCED, Kind.ANSWERED):
            return False
        said = await self._store.questions.ask(sent.said_before, about, kind.value)
        return any(kind is Kind.ANSWERED or effect_of(category, code) is judged.what for category, code in said)

    async def _sent(self, whom: Queued | Mailed) -> Sent | None:
        """What the journal says of that recipient."""
        if isinstance(whom, Queued):
            return await self._store.questions.ask(sent.find, whom.recipient)
        if self._mailings is None or not self._mailings.knows(whom.mailing):
            return None
        return await self._mailings.ask(whom.mailing, sent.find, first_recipient(whom.mailing) + whom.recipient)

    async def _note_in_mailing(self, about: Sent, attempt: Attempt) -> None:
        """In the journal of the mailing itself, too: it is part of its result. Once, however often it is tried."""
        if self._mailings is not None and (number := mailing.number_of(about.stream)):
            await self._mailings.do(number, sent.write_once, about, attempt)

    def _found(self, entry: Entry, reading: Reading) -> Found | None:
        """Whose mail it is about: by the address it came to, or by the one of ours that a complaint quotes."""
        to, at = entry.recipient.address, entry.envelope.received_at
        found = self.addresses.read(to, at)
        if not isinstance(found, Found) and to.localpart.lower() == FEEDBACK:
            try:
                found = self.addresses.read(address.parse(reading.original.return_path), at, Purpose.FEEDBACK)
            except AddressError:
                return None
            if isinstance(found, Found) and found.purpose is Purpose.BOUNCE:
                return found._replace(purpose=Purpose.FEEDBACK)
        return found if isinstance(found, Found) else None

    def _effect(self, about: Sent, judged: Judged, kind: Kind, notices: _Notices, type_: str) -> _Work:
        now = self._clock.time()
        failure = (judged.category, provider_of(judged.reply.remote_mta or about.domain))
        attempt = Attempt(kind, judged.reply, now, category=judged.category)
        writing = Task(sent.write, (about, attempt))
        listing = None
        if judged.what is not None:
            subject = of_address(address.parse(about.recipient))
            event = Event(subject, judged.what, now, _SOURCES[kind], str(judged.reply), type=type_)
            listing = self._suppressions.recording([event])
        says = f"{kind.value}: {about.recipient}, message {about.message}"
        if judged.category:
            says += f" ({judged.category.replace('_', ' ')})"
        return _Work(
            kind.value, says, notices, writing, listing, failure if kind is Kind.BOUNCED else None, (about, attempt)
        )

    def _forwarded(self, about: Sent, judged: Judged | None, message: Message) -> _Notices:
        """To the sender of submitted mail, what he would have had without us in between; not complaints, nor what comes
        back from a mailing: that is in its results."""
        if not about.sender or mailing.number_of(about.stream):
            return ()
        if judged is not None and judged.kind is Kind.COMPLAINED:
            return ()
        return (self._passed_on(about.sender, about.stream, message),)

    def _unreadable(self, entry: Entry, message: Message, why: str, notices: _Notices = ()) -> _Work:
        if to := self._config().bounce.unprocessed_to:
            notices = (*notices, self._passed_on(to, entry.envelope.stream, message))
        arguments = (self._clock.time(), str(entry.recipient.address), why, message.content[:KEPT])
        return _Work("unprocessed", f"unprocessed: {why}", notices, Task(unprocessed.keep, arguments))

    def _passed_on(self, to: str, stream: str, message: Message) -> tuple[Envelope, Message]:
        """From the null sender, so that nothing comes back of it."""
        now = self._clock.time()
        envelope = Envelope(
            NULL_SENDER,
            [Recipient(address.parse(to), notify=Notify.NEVER)],
            stream=stream,
            received_at=now,
            expires_at=now + self._config().delivery.lifetime,
            message_id=header.first(header.split(message.content)[0], b"message-id")[:MAX_MESSAGE_ID],
            origin="returns",
            bulk=True,
        )
        return envelope, message

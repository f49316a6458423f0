"""Carry a Route's batches over one connection, from the first to QUIT.

Each batch is fitted to what the peer offers, signed, and offered while the one before it is still under way. What
comes back goes to the ledger; what was not tried goes back to the ready queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from postduif import log
from postduif.address import Address
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.envelope import Envelope, Recipient
from postduif.errors import KeyUnavailable, MergeError, StoreError, TemplateError
from postduif.mta import merged as merging
from postduif.mta.client import Connection
from postduif.mta.dkim import Signer
from postduif.mta.downgrade import fit
from postduif.mta.link_addresses import LinkAddresses
from postduif.mta.merged import merged
from postduif.mta.ready import Batch
from postduif.mta.return_addresses import ReturnAddresses
from postduif.mta.route import Route
from postduif.mta.transaction import Transaction, addresses_ascii, compose
from postduif.mta.verdict import Circumstances, expired, of_reply, of_transaction, past_validity
from postduif.queue.scheduled import QueueKey
from postduif.queue.store import Outcome
from postduif.queue.stores import Stores
from postduif.reply import Reply

LARGE = 128 * 1024  # octets above which mail is re-encoded in a thread
FEW = 20  # ready batches below which more are leased


class Ledger(Protocol):
    """Where outcomes are recorded."""

    def record(self, outcomes: list[Outcome], *, relayed: bool = False) -> None:
        """Take outcomes; they reach the disk soon, whatever it takes. `relayed`: the peer knows no DSN."""
        ...


@dataclass(slots=True)
class _Job:
    key: QueueKey
    priority: int
    batch: Batch
    started: float


class Courier:
    """One connection's work. `run` returns when the connection is over."""

    def __init__(
        self,
        route: Route,
        connection: Connection,
        *,
        store: Stores,
        signer: Signer,
        ledger: Ledger,
        clock: Clock,
        config: Config,
        random: Random,
        connect_seconds: float,
        return_addresses: Callable[[], ReturnAddresses | None],
        links: Callable[[], LinkAddresses | None],
        feed: Callable[[Route], None],
    ) -> None:
        self._route = route
        self._connection = connection
        self._store = store
        self._signer = signer
        self._ledger = ledger
        self._clock = clock
        self._settings = config.delivery
        self._hostname = config.server.hostname
        self._random = random
        self._connect_seconds = connect_seconds
        self._return_addresses = return_addresses
        self._links = links
        self._feed = feed
        self._jobs: dict[Transaction, _Job] = {}
        self._event = asyncio.Event()
        self._left = route.limits.messages_per_connection or 1 << 62
        connection.on_done = self._done
        connection.on_room = connection.on_lost = self._wake

    async def run(self) -> None:
        """Carry until there is nothing more to carry, or the connection breaks."""
        connection, route = self._connection, self._route
        try:
            while connection.lost is None and self._left > 0:
                taken = route.take(self._clock.monotonic()) if connection.room else None
                if taken is not None:
                    self._left -= 1
                    if len(route.ready) < FEW or not connection.transactions:
                        self._feed(route)
                    await self._carry(_Job(*taken, self._clock.monotonic()))
                elif not await self._wait():
                    break
            while connection.lost is None and connection.session.unfinished:
                self._event.clear()
                await self._event.wait()
        finally:
            route.closed(connection)
            connection.quit()
            self._unfinished(connection.lost or Reply(421, "4.3.2", "closed here"))

    def finish(self) -> None:
        """Begin nothing more; `run` returns when what is under way has its verdict."""
        self._left = 0
        self._event.set()

    async def _wait(self) -> bool:
        """Wait for work or for a verdict. False: idle for too long."""
        self._event.clear()
        busy, crowd = bool(self._connection.session.unfinished), self._route.crowd
        waiting = self._route.eager if busy else self._route.idle
        if self._connection.room:
            waiting[self._connection] = self._event
        try:
            # Only now: what it finds is for us, and needs no new connection.
            self._feed(self._route)
            if busy:
                await self._event.wait()
                return True
            if crowd.pressing:
                return False
            crowd.idle[self] = None
            async with asyncio.timeout(self._route.limits.idle_time):
                await self._event.wait()
                return True
        except TimeoutError:
            return False
        finally:
            crowd.idle.pop(self, None)
            waiting.pop(self._connection, None)

    async def _carry(self, job: _Job) -> None:
        recalled = [entry for entry in job.batch.entries if self._store.recalled(entry)]
        if recalled:
            self._store.release(recalled)
            job.batch.entries = [entry for entry in job.batch.entries if entry not in recalled]
        self._leave_out_late(job)
        if not job.batch.entries:
            return
        transaction = await self._transaction(job)
        if isinstance(transaction, Reply):
            about = self._circumstances(job, transmit=0.0)
            self._ledger.record([of_reply(entry, transaction, about, self._settings) for entry in job.batch.entries])
            return
        if not self._connection.room:
            self._route.ready.put_back(job.key, job.priority, job.batch)
            return
        self._jobs[transaction] = job
        self._connection.offer(transaction)

    def _leave_out_late(self, job: _Job) -> None:
        """A mailing may have waited here, ready, until its validity was over."""
        now = self._clock.time()
        if late := [entry for entry in job.batch.entries if past_validity(entry, now)]:
            about = self._circumstances(job, transmit=0.0)
            self._ledger.record([expired(entry, about) for entry in late])
            job.batch.entries = [entry for entry in job.batch.entries if entry not in late]

    async def _transaction(self, job: _Job) -> Transaction | Reply:
        """What is said to this peer, or the verdict that nothing can be."""
        envelope, features = job.batch.envelope, self._connection.session.features
        recipients = [entry.recipient for entry in job.batch.entries]
        try:
            message = await self._store.content(envelope)
            if recipients[0].merge:
                message = merged(message, envelope, recipients[0], self._about_merging())
            wishes = (message, features.eight_bit_mime, features.smtputf8, addresses_ascii(envelope.sender, recipients))
            large = message.eight_bit and not features.eight_bit_mime and len(message.content) > LARGE
            fitted = await asyncio.to_thread(fit, *wishes) if large else fit(*wishes)
            if isinstance(fitted, Reply):
                return fitted
            signature = await self._signer.sign(envelope.header_from, fitted.content, fitted.vouched_from)
            content, dotless = signature + fitted.content, fitted.vouched_from > 0
            sender = self._sender(envelope, recipients)
            transaction = compose(envelope, sender, recipients, content, features, dotless=dotless)
        except StoreError:
            return Reply(451, "4.3.0", "the message could not be read from the queue")
        except KeyUnavailable as error:
            return Reply(451, "4.7.5", f"not signed: {error}")
        except MergeError as error:
            return Reply(554, "5.6.0", f"no message could be made for this recipient: {error}")
        except TemplateError as error:
            return Reply(451, "4.6.0", f"the mailing's content cannot be used: {error}")
        except Exception as error:  # a mistake of ours costs one message a retry, and no other anything
            log.error("failure", where="content", id=envelope.id, error=repr(error))
            return Reply(451, "4.3.0", "something went wrong here")
        if features.size and len(content) > features.size:
            return Reply(
                552, "5.3.4", f"the message has {len(content)} octets, {self._connection.peer} takes {features.size}"
            )
        return transaction

    def _sender(self, envelope: Envelope, recipients: Sequence[Recipient]) -> Address:
        """The return address: one that says whom the mail was for, where there is to be one."""
        ours = self._return_addresses()
        if ours is None or not envelope.sender.domain or len(recipients) != 1:
            return envelope.sender
        if not ours.for_submitted and not recipients[0].merge:
            return envelope.sender
        return ours.sender(recipients[0].id, envelope.received_at)

    def _about_merging(self) -> merging.Occasion:
        return merging.Occasion(self._clock.time(), self._hostname, self._return_addresses(), self._links())

    def _done(self, transaction: Transaction) -> None:
        self._record(self._jobs.pop(transaction), transaction, None)

    def _record(self, job: _Job, transaction: Transaction, lost: Reply | None) -> None:
        about = self._circumstances(job, transmit=self._clock.monotonic() - job.started)
        outcomes = of_transaction(job.batch.entries, transaction, about, lost, self._settings)
        self._ledger.record(outcomes, relayed=not self._connection.session.features.dsn)

    def _circumstances(self, job: _Job, transmit: float) -> Circumstances:
        connect, self._connect_seconds = self._connect_seconds, 0.0
        return Circumstances(
            site=self._route.destination.site.name,
            now=self._clock.time(),
            chance=self._random.random(),
            host=str(self._connection.peer),
            tls=self._connection.tls,
            connect=connect,
            transmit=transmit,
        )

    def _unfinished(self, lost: Reply) -> None:
        """Share out what the connection took with it: tried, in doubt, or not tried at all."""
        earlier = self._connection.transactions
        for transaction, job in list(self._jobs.items()):
            del self._jobs[transaction]
            if transaction.in_doubt:
                self._route.host_failed(self._connection.peer.address, self._clock.monotonic())
                self._record(job, transaction, lost)
            elif earlier and _untouched(transaction):
                # That the peer closed after another message says nothing about this one.
                self._route.ready.put_back(job.key, job.priority, job.batch)
            else:
                self._try_elsewhere(job, transaction, lost)
            earlier += 1

    def _try_elsewhere(self, job: _Job, transaction: Transaction, lost: Reply) -> None:
        """The host closed on it (RFC 5321 5.1: try the next), unless every host had its turn."""
        address = self._connection.peer.address
        self._route.host_failed(address, self._clock.monotonic())
        if address in job.batch.avoid or len(self._route.destination.hosts) <= len(job.batch.avoid) + 1:
            self._record(job, transaction, lost)
            return
        job.batch.avoid |= {address}
        self._route.ready.put_back(job.key, job.priority, job.batch)

    def _wake(self, _: Connection) -> None:
        self._event.set()


def _untouched(transaction: Transaction) -> bool:
    """The peer said nothing to it, or 421 to its first command: that it closes."""
    return transaction.mail_reply is None or transaction.mail_reply.code == 421

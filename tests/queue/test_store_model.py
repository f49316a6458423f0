"""The store against a model of it: whatever is done in whatever order, and wherever it crashes, both say the same."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from postduif.attempt import Attempt, Kind
from postduif.config.schema import Queue
from postduif.envelope import Entry, Envelope
from postduif.queue.condition import Condition
from postduif.queue.scheduled import QueueKey
from postduif.queue.store import Outcome, Store
from postduif.reply import Reply
from tests.fakes import FakeClock
from tests.queue.choices import DOMAINS, STREAMS, Means, domains, means, streams
from tests.queue.mail import envelope, message
from tests.queue.model import Known, Model, Row, Stop

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
LIFETIME = 86_400.0
RETENTION = 100_000.0
MAX_LEASED = 8
T = TypeVar("T")

some = st.integers(1, 4)
places = st.integers(0, 99)


def attempt(kind: Kind, at: float) -> Attempt:
    """An attempt that ended so."""
    code = {Kind.DELIVERED: 250, Kind.DEFERRED: 451}.get(kind, 550)
    return Attempt(kind, Reply(code, f"{code // 100}.7.1", "slow down", "mx.example.com"), at)


class StoreMachine(RuleBasedStateMachine):
    """put, lease, settle, release, hold, retry, delete, expiry, time, upkeep, restarts and crashes in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.starts = 0
        self.clock = FakeClock()
        self.runner = asyncio.Runner()
        self.model = Model()
        self.promised: set[int] = set()
        self.open(self.place / "0")

    def open(self, directory: Path) -> None:
        """As the daemon does."""
        self.directory = directory
        limits = Queue(disk_reserve=0, max_body_memory=2000, journal_retention=RETENTION)
        few = limits.model_copy(update={"max_leased": MAX_LEASED})  # fewer than a setting may say, so that they run out
        self.store = Store.open(directory, few, self.clock)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """To its end."""
        return self.runner.run(work)

    def teardown(self) -> None:
        """Close it and remove the directory."""
        self.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.place)

    @property
    def now(self) -> float:
        """Of the clock that the store has."""
        return self.clock.time()

    @property
    def room(self) -> int:
        """How many more may be leased."""
        return MAX_LEASED - len(self.model.leased())

    # --- the road

    def mail(self, to: Sequence[str], stream: str, wait: float) -> Envelope:
        """A message that is due after `wait`."""
        made = envelope(
            *(f"u{n}@{domain}" for n, domain in enumerate(to)), stream=stream, expires_at=self.now + LIFETIME
        )
        for recipient in made.recipients:
            recipient.due = self.now + wait if wait else 0.0
        return made

    def arrived(self, mail: Envelope) -> None:
        """The promise was made."""
        assert mail.id not in self.promised
        self.promised.add(mail.id)
        self.model.arrive(mail)

    mails = st.tuples(st.lists(domains, min_size=1, max_size=3), streams, st.sampled_from([0, 0, 0, 5]))

    @rule(given=st.lists(mails, min_size=1, max_size=4))
    def put(self, given: list[tuple[list[str], str, float]]) -> None:
        """Some messages at once."""
        mails = [self.mail(*one) for one in given]

        async def all_of_them() -> None:
            await asyncio.gather(*(self.store.put(mail, message()) for mail in mails))

        self.run(all_of_them())
        for mail in mails:
            self.arrived(mail)

    def take(self, entries: Sequence[Entry]) -> None:
        """They are leased now, as they stand on disk."""
        for entry in entries:
            known = self.model.known[entry.recipient.id]
            assert known.leased is None
            assert entry.envelope.id == known.envelope.id
            assert (str(entry.recipient.address), entry.recipient.attempts) == (known.address, known.attempts)
            known.leased = entry

    def key(self, which: int) -> QueueKey:
        """One of those that have mail, if any has."""
        there = sorted({known.key for known in self.model.known.values()}) or [QueueKey("default", "example.com")]
        return there[which % len(there)]

    @rule(which=places, limit=some, twice=st.booleans(), disk=st.booleans())
    def lease(self, which: int, limit: int, twice: bool, disk: bool) -> None:
        """Leases bring the oldest that are due and not held, each once."""
        key = self.key(which)
        expected = [known.id for known in self.model.leasable(self.now) if known.key == key]

        async def both() -> list[list[Entry]]:
            return await asyncio.gather(*(self.store.lease(key, limit) for _ in range(1 + twice)))

        room = self.room
        answers = [self.store.lease_fresh(key, 1), *(self.run(both()) if disk else [])]
        found = [entry for answer in answers for entry in answer]
        assert [entry.recipient.id for entry in found] == expected[: len(found)]
        assert len(found) >= min(limit, room, len(expected)) or not disk
        assert len(found) <= room
        self.take(found)

    @rule(limit=some)
    def lease_expired(self, limit: int) -> None:
        """Those past their lifetime are leased, held ones too, but none that is leased or withdrawn."""
        late = [k for k in self.model.known.values() if k.envelope.expires_at <= self.now]
        free = {known.id for known in late if not (known.leased or known.withdrawn)}
        room = self.room
        entries = self.run(self.store.lease_expired(limit, self.now))
        assert bool(entries) == bool(free and room)
        assert len(entries) <= min(limit, room)
        assert {entry.recipient.id for entry in entries} <= free
        self.take(entries)

    def outcomes(self, chosen: Sequence[Known], kind: Kind, wait: float) -> tuple[list[Outcome], float | None]:
        """What became of them, and when they are tried again."""
        due = self.now + wait if kind is Kind.DEFERRED else None
        return [Outcome(one.leased, attempt(kind, self.now), due) for one in chosen if one.leased], due

    @rule(
        which=places,
        number=some,
        kind=st.sampled_from([Kind.DELIVERED, Kind.DEFERRED, Kind.FAILED, Kind.EXPIRED]),
        wait=st.sampled_from([0, 3, 7]),
        notice=st.booleans(),
    )
    def settle(self, which: int, number: int, kind: Kind, wait: float, notice: bool) -> None:
        """What ends is gone, what is put off is due then, and the notification is in."""
        self.lease(which, number, twice=False, disk=True)
        chosen = self.model.leased()[:number]
        outcomes, due = self.outcomes(chosen, kind, wait)
        notices = [(self.mail(["example.org"], "default", 0), message("failed"))] if notice else []
        self.run(self.store.settle(outcomes, notices))
        for known in chosen:
            self.model.settle(known, kind, self.now, due, "451 4.7.1 slow down")
        for mail, _ in notices:
            self.arrived(mail)

    @precondition(lambda self: self.model.leased())
    @rule(number=some, last=st.booleans())
    def release(self, number: int, last: bool) -> None:
        """What is given back is as it was, or leaves if it was withdrawn."""
        chosen = self.model.leased()[-number:] if last else self.model.leased()[:number]

        async def give_back() -> None:
            self.store.release([known.leased for known in chosen if known.leased])
            await self.store.tidy()

        self.run(give_back())
        for known in chosen:
            known.leased = None
        self.model.tidy(self.now, RETENTION)

    @precondition(lambda self: self.model.known)
    @rule(which=places)
    def read(self, which: int) -> None:
        """What was put can be read."""
        ids = sorted({known.envelope.id for known in self.model.known.values()})
        content = self.run(self.store.content(ids[which % len(ids)])).content
        assert content in (message().content, message("failed").content)

    # --- operators

    @rule(meaning=means, owner=st.sampled_from(["me", "you"]), lasts=st.sampled_from([None, 4]))
    def hold(self, meaning: Means, owner: str, lasts: float | None) -> None:
        """Recipients, one by one; what is held already stays with its owner."""
        stop = Stop(owner, None if lasts is None else self.now + lasts)
        chosen = [known for known in self.model.meant(meaning[1]) if known.stop is None]
        assert self.run(self.store.hold(meaning[0], owner, "", stop.until)) == len(chosen)
        if chosen:
            self.model.stops.append(stop)
        for known in chosen:
            known.stop = stop

    @rule(stream=st.sampled_from(["", *STREAMS]), domain=domains, lasts=st.sampled_from([None, 4]))
    def hold_whole(self, stream: str, domain: str, lasts: float | None) -> None:
        """Scheduled queues, with what comes later."""
        stop = Stop("you", None if lasts is None else self.now + lasts, (stream, domain))
        self.run(self.store.hold(Condition(stream=stream, domain=domain), "you", "", stop.until))
        self.model.stops.append(stop)

    @rule(meaning=means)
    def unhold(self, meaning: Means) -> None:
        """Recipients, one by one. What was `held` as part of a whole queue alone is not let go."""
        chosen = [known for known in self.model.meant(meaning[1]) if known.stop is not None]
        assert self.run(self.store.unhold(meaning[0])) == len(chosen)
        self.let_go(chosen)

    @rule(domain=st.sampled_from(["", *DOMAINS]))
    def unhold_whole(self, domain: str) -> None:
        """Scheduled queues held within it, and recipients in it."""
        condition = Condition(domain=domain) if domain else Condition(all=True)
        self.run(self.store.unhold(condition))
        within = [stop for stop in self.model.stops if stop.key is not None and domain in ("", stop.key[1])]
        self.model.lift(within)
        self.let_go(self.model.meant(lambda _, known: domain in ("", known.key.domain) and known.stop is not None))

    def let_go(self, chosen: Sequence[Known]) -> None:
        """They are held no more, nor is a hold there that holds nobody."""
        for known in chosen:
            known.stop = None
        used = {known.stop for known in self.model.known.values()}
        self.model.stops = [stop for stop in self.model.stops if stop.key is not None or stop in used]

    @rule(meaning=means)
    def retry(self, meaning: Means) -> None:
        """What waits for its time is due."""
        chosen = self.model.meant(meaning[1])
        assert self.run(self.store.retry(meaning[0])) == len(chosen)
        for known in chosen:
            known.due = min(known.due, self.now)

    @rule(meaning=means)
    def delete(self, meaning: Means) -> None:
        """What is not leased leaves at once."""
        chosen = self.model.meant(meaning[1])
        assert self.run(self.store.delete(meaning[0])) == len(chosen)
        for known in sorted(chosen, key=lambda one: one.id):
            known.withdrawn, known.stop = True, None
            if not known.leased:
                self.model.journal.append(known.row(Kind.WITHDRAWN, self.now, known.attempts))
                del self.model.known[known.id]

    # --- time and crashes

    @rule(seconds=st.sampled_from([1, 4, 10, 40_000, LIFETIME]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)

    @rule()
    def tidy(self) -> None:
        """A minute's upkeep."""
        self.run(self.store.tidy())
        self.model.tidy(self.now, RETENTION)

    @rule()
    def restart(self) -> None:
        """A clean stop forgets the leases and nothing else."""
        self.run(self.store.close())
        self.open(self.directory)
        self.model.forget_leases()

    @rule(
        given=st.lists(mails, max_size=3),
        number=st.integers(0, 4),
        kind=st.sampled_from([Kind.DELIVERED, Kind.DEFERRED]),
    )
    def crash(self, given: list[tuple[list[str], str, float]], number: int, kind: Kind) -> None:
        """The process dies at work: what was promised is there, and of every operation all or nothing."""
        mails = [self.mail(*one) for one in given]
        chosen = self.model.leased()[:number]
        outcomes, due = self.outcomes(chosen, kind, 3)
        self.starts += 1
        copy = self.place / str(self.starts)

        async def work() -> list[bool]:
            tasks: list[asyncio.Task[Any]] = [asyncio.create_task(self.store.put(mail, message())) for mail in mails]
            tasks += [asyncio.create_task(self.store.settle(outcomes))] if outcomes else []
            if tasks:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            promised = [task.done() for task in tasks]
            _copy(self.directory, copy)
            await asyncio.gather(*tasks)
            await self.store.close()
            return promised

        promised = self.run(work())
        self.open(copy)
        here = {id_ for (id_,) in self.sql("SELECT id FROM recipient")}
        for mail, acknowledged in zip(mails, promised, strict=False):
            there = {one.id for one in mail.recipients} & here
            assert len(there) in (0, len(mail.recipients))
            assert there or not acknowledged
            if there:
                self.arrived(mail)
        self.model.forget_leases()
        if outcomes:
            recorded = len(self.sql("SELECT 1 FROM journal")) > len(self.model.journal)
            assert recorded or not promised[-1]
            for known in chosen if recorded else ():
                self.model.settle(known, kind, self.now, due, "451 4.7.1 slow down")

    # --- what must be true at any time

    def sql(self, query: str) -> list[Any]:
        """What the queue file says."""
        path = f"file:{self.directory / 'queue.sqlite'}?mode=ro"
        with contextlib.closing(sqlite3.connect(path, uri=True)) as file:
            return file.execute(query).fetchall()

    @invariant()
    def file_agrees(self) -> None:
        """Every recipient of the model is in the file as it should be, and no other; so are messages and bodies."""
        rows = {id_: rest for id_, *rest in self.sql("SELECT id, attempts, due, sign(hold) FROM recipient")}
        assert rows == {
            one.id: [one.attempts, one.due, -1 if one.withdrawn else 1 if one.stop else 0]
            for one in self.model.known.values()
        }
        messages = {id_ >> 24 for id_ in self.model.known}
        assert {id_ for (id_,) in self.sql("SELECT id FROM message")} == messages
        assert {id_ for (id_,) in self.sql("SELECT id FROM body")} == messages

    @invariant()
    def journal_agrees(self) -> None:
        """Every outcome has its row, in the order of the transactions, and nothing else has."""
        rows = [Row(*row) for row in self.sql("SELECT message, recipient, kind, attempt, at FROM journal ORDER BY id")]
        assert rows == self.model.journal

    @invariant()
    def memory_agrees(self) -> None:
        """Counts and holds are those of the model."""
        assert self.store.stats.queued == len(self.model.known)
        leased = {(one.envelope.id, one.address) for one in self.model.leased()}
        assert self.store.questions.leased(one.envelope.id for one in self.model.known.values()) == leased
        assert self.store.stats.leased == len(leased) <= MAX_LEASED
        assert sorted(hold.owner for hold in self.store.holds()) == sorted(stop.owner for stop in self.model.stops)
        for one in self.model.leased():
            assert one.leased is not None
            recalled = one.withdrawn or self.model.held(one)
            assert self.store.recalled(one.leased) == recalled

    @invariant()
    def what_is_due_is_said(self) -> None:
        """due() names every scheduled queue with something to lease, and next_due() comes before anything gets due."""
        due = set(self.store.due(self.now))
        assert {known.key for known in self.model.leasable(self.now)} <= due
        free = [k for k in self.model.known.values() if k.free and not self.model.held(k)]
        later = [known.due for known in free if known.key not in due]
        following = self.store.next_due()
        assert not later or (math.inf if following is None else following) <= min(later)


def _copy(directory: Path, copy: Path) -> None:
    """The files as a process that died at this moment leaves them."""
    copy.mkdir(mode=0o700)
    for name in ("queue.sqlite", "queue.sqlite-wal"):
        if (directory / name).exists():
            shutil.copy(directory / name, copy / name)


TestStore = StoreMachine.TestCase
TestStore.settings = settings(
    max_examples=100 if LONG else 10,
    stateful_step_count=60 if LONG else 30,
    suppress_health_check=list(HealthCheck),
)

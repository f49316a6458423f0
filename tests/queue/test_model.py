"""The store against a model of it: whatever is done in whatever order, both say the same."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from postduif.config.schema import Queue
from postduif.envelope import Entry
from postduif.queue.condition import Condition
from postduif.queue.scheduled import QueueKey
from postduif.queue.store import Store
from tests.fakes import FakeClock
from tests.queue.mail import deferred, delivered, envelope, message, sql

DOMAINS = ("example.com", "example.org", "example.net")
domains = st.sampled_from(DOMAINS)
some = st.integers(1, 4)


@dataclass
class Known:
    """What the model knows of one recipient."""

    domain: str
    due: float
    held: bool = False
    leased: Entry | None = None
    withdrawn: bool = False


class QueueMachine(RuleBasedStateMachine):
    """put, lease, settle, release, hold, unhold, retry, delete, expiry, time and restarts in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.clock = FakeClock()
        self.runner = asyncio.Runner()
        self.known: dict[int, Known] = {}
        self.whole: set[str] = set()
        self.open()

    def open(self) -> None:
        """As the daemon does."""
        limits = Queue(disk_reserve=0, max_leased=100, max_body_memory=2000)
        self.store = Store.open(self.directory / "queue", limits, self.clock)

    def teardown(self) -> None:
        """Close it and remove the directory."""
        self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.directory)

    def leased(self) -> list[Known]:
        """In order of their ids."""
        return [known for _, known in sorted(self.known.items()) if known.leased]

    def forget(self, entry: Entry) -> None:
        """It is no more."""
        del self.known[entry.recipient.id]

    @rule(to=st.lists(domains, min_size=1, max_size=3), wait=st.sampled_from([0, 0, 0, 5]), alone=st.booleans())
    def put(self, to: list[str], wait: float, alone: bool) -> None:
        """One message, or one for each recipient at the same time."""
        mails = [envelope(*(f"u{n}@{domain}" for n, domain in enumerate(to)))] if not alone else []
        mails += [envelope(f"u@{domain}") for domain in to] if alone else []

        async def all_of_them() -> None:
            for mail in mails:
                for recipient in mail.recipients:
                    recipient.due = self.clock.time() + wait if wait else 0.0
            await asyncio.gather(*(self.store.put(mail, message()) for mail in mails))

        self.runner.run(all_of_them())
        for mail in mails:
            for recipient in mail.recipients:
                self.known[recipient.id] = Known(recipient.address.domain, recipient.due)

    @rule(domain=domains, limit=some, twice=st.booleans())
    def lease(self, domain: str, limit: int, twice: bool) -> None:
        """Leases bring the oldest free ones that are due, each once."""
        key, now = QueueKey("default", domain), self.clock.time()
        free = [
            (known.due, id_)
            for id_, known in self.known.items()
            if known.domain == domain and not (known.held or known.leased or known.withdrawn) and known.due <= now
        ]
        expected = [] if domain in self.whole else [id_ for _, id_ in sorted(free)]

        async def both() -> list[list[Entry]]:
            return await asyncio.gather(*(self.store.lease(key, limit) for _ in range(1 + twice)))

        fresh = self.store.lease_fresh(key, 1)
        answers = [fresh, *self.runner.run(both())]
        found = [entry.recipient.id for answer in answers for entry in answer]
        assert found == expected[: len(found)]
        assert len(found) >= min(limit, len(expected))
        for answer in answers:
            for entry in answer:
                self.known[entry.recipient.id].leased = entry

    @precondition(lambda self: self.leased())
    @rule(number=some, wait=st.sampled_from([None, None, 0, 3, 7]), notice=st.booleans())
    def settle(self, number: int, wait: float | None, notice: bool) -> None:
        """What ends is gone; what is put off is due then."""
        chosen = [known.leased for known in self.leased()[:number] if known.leased]
        due = None if wait is None else self.clock.time() + wait
        notices = [(envelope(f"dsn@{DOMAINS[0]}"), message())] if notice else []
        outcomes = [delivered(entry) if due is None else deferred(entry, due) for entry in chosen]
        self.runner.run(self.store.settle(outcomes, notices))
        for entry in chosen:
            known = self.known[entry.recipient.id]
            if due is None or known.withdrawn:
                self.forget(entry)
            else:
                known.leased, known.due = None, due
        for mail, _ in notices:
            self.known[mail.recipients[0].id] = Known(DOMAINS[0], mail.recipients[0].due)

    @precondition(lambda self: self.leased())
    @rule(number=some, last=st.booleans())
    def release(self, number: int, last: bool) -> None:
        """What is given back is as it was, or gone if it was withdrawn."""
        leased = [known.leased for known in self.leased() if known.leased]
        chosen = leased[-number:] if last else leased[:number]

        async def give_back() -> None:
            self.store.release(chosen)
            await self.store.tidy()

        self.runner.run(give_back())
        for entry in chosen:
            if self.known[entry.recipient.id].withdrawn:
                self.forget(entry)
            else:
                self.known[entry.recipient.id].leased = None

    @rule(domain=domains)
    def hold(self, domain: str) -> None:
        """Recipients, one by one."""
        meant = [k for k in self.known.values() if k.domain == domain and not (k.held or k.withdrawn)]
        condition = Condition(domain=domain, older_than=1e12)
        assert self.runner.run(self.store.hold(condition, "me", "")) == len(meant)
        for known in meant:
            known.held = True

    @rule(domain=domains)
    def unhold(self, domain: str) -> None:
        """Recipients, one by one."""
        meant = [k for k in self.known.values() if k.domain == domain and k.held and not k.withdrawn]
        assert self.runner.run(self.store.unhold(Condition(domain=domain, owner="me"))) == len(meant)
        for known in meant:
            known.held = False

    @rule(domain=domains)
    def hold_whole(self, domain: str) -> None:
        """A scheduled queue."""
        self.runner.run(self.store.hold(Condition(domain=domain), "you", ""))
        self.whole.add(domain)

    @precondition(lambda self: self.whole)
    @rule()
    def unhold_everything(self) -> None:
        """Recipients and scheduled queues."""
        self.runner.run(self.store.unhold(Condition(all=True)))
        self.whole.clear()
        for known in self.known.values():
            known.held = known.held and known.withdrawn

    @rule(domain=domains)
    def retry(self, domain: str) -> None:
        """What waits for its time."""
        self.runner.run(self.store.retry(Condition(domain=domain)))
        for known in self.known.values():
            if known.domain == domain and not known.withdrawn:
                known.due = min(known.due, self.clock.time())

    @rule(domain=domains)
    def delete(self, domain: str) -> None:
        """All of one domain."""
        meant = {i: k for i, k in self.known.items() if k.domain == domain and not k.withdrawn}
        assert self.runner.run(self.store.delete(Condition(domain=domain))) == len(meant)
        for id_, known in meant.items():
            known.withdrawn = True
            if not known.leased:
                del self.known[id_]

    @rule(limit=some)
    def expire(self, limit: int) -> None:
        """Those past their lifetime are leased, in whatever state, but those leased or withdrawn."""
        late = self.clock.time() >= 1_800_086_400.0
        free = {i for i, k in self.known.items() if late and not (k.leased or k.withdrawn)}
        entries = self.runner.run(self.store.lease_expired(limit))
        assert bool(free) == bool(entries)
        assert len(entries) <= limit
        assert {entry.recipient.id for entry in entries} <= free
        for entry in entries:
            self.known[entry.recipient.id].leased = entry

    @rule(seconds=st.sampled_from([1, 4, 10, 86_400]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)

    @rule()
    def restart(self) -> None:
        """Leases are forgotten, withdrawals finished."""
        self.runner.run(self.store.close())
        self.open()
        self.runner.run(self.store.tidy())
        self.known = {id_: known for id_, known in self.known.items() if not known.withdrawn}
        for known in self.known.values():
            known.leased = None

    @invariant()
    def counts_agree(self) -> None:
        """Memory, model and disk have the same recipients."""
        assert self.store.stats.queued == len(self.known)
        assert self.store.stats.leased == len(self.leased())
        assert {id_ for (id_,) in sql(self.directory, "SELECT id FROM recipient")} == set(self.known)
        messages = {id_ >> 24 for id_ in self.known}
        assert {id_ for (id_,) in sql(self.directory, "SELECT id FROM message")} == messages
        assert {id_ for (id_,) in sql(self.directory, "SELECT id FROM body")} == messages
        for key, queue in self.store._roster.queues.items():
            here = [known for known in self.known.values() if known.domain == key.domain]
            assert queue.total == len(here)
            assert queue.leased == sum(known.leased is not None for known in here)
            assert queue.held == sum(known.held or known.withdrawn for known in here)

    @invariant()
    def what_is_due_is_said(self) -> None:
        """due() names every scheduled queue with something to lease."""
        now = self.clock.time()
        leasable = {
            k.domain
            for k in self.known.values()
            if k.due <= now and not (k.held or k.leased or k.withdrawn) and k.domain not in self.whole
        }
        assert leasable <= {key.domain for key in self.store.due(now)}


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(
    max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)

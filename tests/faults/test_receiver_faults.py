"""Every cell of the table of receiver faults, against the whole daemon: all at once, with time in the test's hand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from postduif.queue.journal import Line, Question
from tests.fakes import FakeClock
from tests.faults.host import Hosts, Place
from tests.faults.table import Cell, cells
from tests.given_time import GivenTimeLoop
from tests.stories.daemon import Daemon, text

RETRY = 60.0  # seconds, by the daemon's clock
IDLE = 50  # seconds until a connection that has nothing to do is ended with QUIT
SLACK = 2.0  # seconds beside a deadline
LARGE = text(body="x" * 70 + "\n" + 15_000 * ("y" * 70 + "\n"))
REQUIRED = {True: "required", False: "opportunistic"}
SETTINGS = """
    [delivery]
    retry = "1m"
    retry_jitter = 0
    tls = "{tls}"
    idle_time = "{idle}s"
"""


@dataclass
class Seen:
    """What became of a cell's mail: of the one whose host is alone, and of the one with a second host behind it."""

    alone: Place
    first: Place
    second: Place
    early: str = ""
    """A deadline that was not waited for, or was not kept."""
    lines: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))
    """The journal, oldest first, by "alone", "backed" and "next" (the second mail over the same connection)."""


class Drive:
    """All cells of one daemon, from the first mail to the last retry."""

    def __init__(self, chosen: Iterable[Cell], *, required: bool) -> None:
        self.cells = list(chosen)
        self._required = required
        self.seen: dict[str, Seen] = {}
        self._domains: dict[str, tuple[str, str]] = {}
        self._mails: list[int] = []
        self._sent: set[str] = set()

    async def run(self, directory: Path) -> dict[str, Seen]:
        """What was seen, by the name of the cell."""
        clock = FakeClock()
        async with Hosts() as hosts:
            hops = "".join(self._place(hosts, number, cell) for number, cell in enumerate(self.cells))
            settings = SETTINGS.format(tls=REQUIRED[self._required], idle=IDLE)
            async with Daemon(directory, settings + hops, clock) as daemon:
                # All cells at once are a crowd: idle connections would be closed to make room, before the next mail.
                daemon.app.delivery.permits.crowd._window = 10_000.0
                began = asyncio.get_running_loop().time()
                await self._first_mails(daemon)
                await self._next_mails(daemon)
                if isinstance(asyncio.get_running_loop(), GivenTimeLoop):
                    await self._deadlines(daemon, began)
                hosts.healed = True
                clock.advance(RETRY)
                if self._required:
                    await self._known(daemon, lambda _: True, count=2)
                else:
                    await daemon.until(lambda: daemon.app.store.stats.queued == 0)
                    await self._journal(daemon)
        return self.seen

    def _place(self, hosts: Hosts, number: int, cell: Cell) -> str:
        """Give a cell its hosts and its two domains."""
        at = f"{number // 250}.{number % 250 + 1}"
        places = {kind: Place(cell) for kind in (1, 2)} | {3: Place()}
        hosts.places |= {f"127.{kind}.{at}": place for kind, place in places.items()}
        self.seen[cell.name] = Seen(*places.values())
        self._domains |= {f"a{number}.example": (cell.name, "alone"), f"b{number}.example": (cell.name, "backed")}
        return f"""
        [[next_hop]]
        domain = "a{number}.example"
        hosts = ["127.1.{at}:{hosts.port}"]
        [[next_hop]]
        domain = "b{number}.example"
        hosts = ["127.2.{at}:{hosts.port}", "127.3.{at}:{hosts.port}"]
        """

    def _recipients(self, wanted: Callable[[Cell], bool], kinds: str = "ab") -> list[str]:
        numbers = [number for number, cell in enumerate(self.cells) if wanted(cell)]
        return [f"r@{kind}{number}.example" for number in numbers for kind in kinds]

    async def _submit(self, daemon: Daemon, recipients: list[str], content: bytes = b"") -> None:
        if recipients:
            turn = "next " if len(self._mails) == 2 else ""
            self._sent |= {turn + recipient.partition("@")[2] for recipient in recipients}
            self._mails.append(await daemon.submit(recipients, sender="", content=content))

    async def _first_mails(self, daemon: Daemon) -> None:
        await self._submit(daemon, self._recipients(lambda cell: cell.row.stage != "in data"))
        await self._submit(daemon, self._recipients(lambda cell: cell.row.stage == "in data"), LARGE)
        await self._known(daemon, lambda cell: not cell.waits or cell.row.happens == "delivered")
        seen = [self.seen[cell.name] for cell in self.cells if cell.row.stage != "QUIT"]
        async with asyncio.timeout(60):
            await asyncio.gather(*(place.reached.wait() for one in seen for place in (one.alone, one.first)))

    async def _next_mails(self, daemon: Daemon) -> None:
        """A second mail where the connection was left idle."""
        again = self._recipients(lambda cell: cell.row.stage == "after 250", "a")
        self._domains |= {f"next {domain}": (name, "next") for domain, (name, _) in self._domains.items()}
        await self._submit(daemon, again)
        await self._known(daemon, lambda cell: not cell.waits)

    async def _deadlines(self, daemon: Daemon, began: float) -> None:
        """Before each no cell has given up, behind it all that it is for have."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, GivenTimeLoop)
        ready = loop.time()
        quitting = [cell for cell in self.cells if cell.row.stage == "QUIT"]
        if quitting:
            loop.advance(ready + IDLE + SLACK - loop.time())
            async with asyncio.timeout(60):
                await asyncio.gather(*(self.seen[cell.name].alone.reached.wait() for cell in quitting))
            self._still_there([cell for cell in quitting if cell.waits])
            loop.advance(max(cell.row.after for cell in quitting) + SLACK)
            await daemon.until(lambda: all(self.seen[cell.name].alone.ended for cell in quitting))
        waiting = [cell for cell in self.cells if cell.waits and cell.row.stage != "QUIT"]
        for limit in sorted({cell.row.after for cell in waiting}):
            here = [cell for cell in waiting if cell.row.after == limit]
            loop.advance(began + limit - SLACK - loop.time())
            await daemon.settle()
            self._still_there(here)
            loop.advance(ready + limit + SLACK - loop.time())
            await self._known(daemon, lambda cell, here=here: cell in here)  # type: ignore[misc]
            await daemon.until(lambda here=here: all(self.seen[cell.name].alone.ended for cell in here))

    def _still_there(self, waiting: list[Cell]) -> None:
        for cell in waiting:
            if self.seen[cell.name].alone.ended:
                self.seen[cell.name].early = f"given up before {cell.row.after} seconds"

    async def _known(self, daemon: Daemon, wanted: Callable[[Cell], bool], count: int = 1) -> None:
        """Return once the journal has so many lines for each mail of those cells."""
        names = {cell.name for cell in self.cells if wanted(cell)}
        missing: list[tuple[str, str]] = [("", "")]

        async def all_there() -> bool:
            await self._journal(daemon)
            sent = {self._domains[domain] for domain in self._sent if self._domains[domain][0] in names}
            missing[:] = [one for one in sent if len(self.seen[one[0]].lines[one[1]]) < count]
            return not missing

        try:
            await daemon.until(all_there)
        except TimeoutError:
            raise AssertionError(f"nothing in the journal of {missing}") from None

    async def _journal(self, daemon: Daemon) -> None:
        for seen in self.seen.values():
            seen.lines.clear()
        for turn, mail in enumerate(self._mails):
            for line in reversed(await daemon.app.store.questions.journal(Question(message=mail), 10_000)):
                name, kind = self._domains[("next " if turn == 2 else "") + line.domain]
                self.seen[name].lines[kind].append(line)


FACTORIES: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": GivenTimeLoop,
    "uvloop": uvloop.new_event_loop,
}
"""uvloop's time cannot be given: there the cells that only time ends are left to the tests of the client."""


@pytest.fixture(scope="module")
def drives() -> dict[str, dict[str, Seen]]:
    """What was seen, by event loop."""
    return {}


@pytest.fixture
def seen(
    request: pytest.FixtureRequest, drives: dict[str, dict[str, Seen]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Seen]:
    """What was seen in every cell that an event loop can drive. Each loop drives once."""
    loop: str = request.param
    if loop not in drives:
        drives[loop] = {}
        for required in (False, True):
            chosen = [cell for cell in cells() if cell.row.stage.endswith("required") == required]
            drive = Drive([cell for cell in chosen if driven(loop, cell)], required=required)
            with asyncio.Runner(loop_factory=FACTORIES[loop]) as runner:
                drives[loop] |= runner.run(drive.run(tmp_path_factory.mktemp("daemon")))
    return drives[loop]


def driven(loop: str, cell: Cell) -> bool:
    """This loop can drive this cell."""
    return loop == "asyncio" or not cell.waits


def every(wanted: Callable[[str], bool]) -> pytest.MarkDecorator:
    """A test of every cell at such a stage, on each loop that can drive it."""
    pairs = [(loop, cell) for loop in FACTORIES for cell in cells() if wanted(cell.row.stage) and driven(loop, cell)]
    parameters = [pytest.param(loop, cell, id=f"{loop}-{cell.name}") for loop, cell in pairs]
    return pytest.mark.parametrize(("seen", "cell"), parameters, indirect=["seen"])


KINDS = {
    "next host": ["deferred", "delivered"],
    "retry later": ["deferred", "delivered"],
    "ambiguous": ["ambiguous", "delivered"],
    "fail": ["failed"],
}


@every(lambda stage: True)
def test_the_attempt_is_as_the_table_says(seen: dict[str, Seen], cell: Cell) -> None:
    """What the journal says of it, how the connection ended, and when."""
    row, found = cell.row, seen[cell.name]
    first = found.lines["alone"][0]
    assert (first.code, first.enhanced) == (row.code, row.status), first.text
    assert row.says in first.text
    assert len(first.text) < 300
    assert first.text.isprintable()
    assert not first.tls
    assert found.alone.ended == row.connection
    assert not found.early


@every(lambda stage: not stage.endswith("required"))
def test_the_mail_is_delivered_once(seen: dict[str, Seen], cell: Cell) -> None:
    """By the next host, by a retry or at once, as the table says; and in doubt only when the host may have taken it."""
    row, found = cell.row, seen[cell.name]
    kinds = KINDS.get(row.happens, ["delivered"])
    assert [line.kind for line in found.lines["alone"]] == kinds
    backed = found.lines["backed"]
    if row.happens == "next host":
        assert [line.kind for line in backed] == ["delivered"]
        assert backed[0].host.startswith("127.3.")
        assert not found.alone.whole or cell.fault == "421", "the host may have taken it"
    else:
        assert [line.kind for line in backed] == kinds
        assert not backed[0].host.startswith("127.3.")
    if row.happens == "ambiguous":
        assert found.alone.whole, "nothing was in doubt"
    copies = 0 if row.happens == "fail" else 1
    assert found.first.taken + found.second.taken == copies
    assert found.alone.taken == copies + bool(found.lines["next"])


@every(lambda stage: stage.endswith("required"))
def test_required_tls_is_never_given_up(seen: dict[str, Seen], cell: Cell) -> None:
    """The next host is asked for TLS as well, and nobody gets the mail in the clear, now or at the next attempt."""
    found = seen[cell.name]
    assert (found.lines["backed"][0].code, found.lines["backed"][0].enhanced) == (454, "4.7.4")
    for lines in found.lines.values():
        assert {line.kind for line in lines} == {"deferred"}
    assert found.alone.taken == found.first.taken == found.second.taken == 0


@every(lambda stage: stage == "after 250")
def test_the_next_mail_is_not_harmed(seen: dict[str, Seen], cell: Cell) -> None:
    """A connection that broke while idle costs the next mail nothing, unless the host may have taken it."""
    kinds = [line.kind for line in seen[cell.name].lines["next"]]
    assert kinds == (["ambiguous", "delivered"] if cell.row.next_mail == "ambiguous" else ["delivered"])

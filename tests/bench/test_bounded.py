"""The measurement of bounds, with small numbers: it measures what it says, and no more is asked of time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from bench.backlog import SPREAD, Backlog, fill, hasten, waiting
from bench.bounded import Book
from bench.daemon import Daemon
from bench.depth import names, place
from bench.field import Field
from bench.gauges import Lag
from bench.load import Load
from bench.nameserver import answer, labels
from bench.sickness import among_few, among_many, domains
from bench.stretch import Stretch, passing
from postduif.clock import SystemClock
from postduif.config.schema import Queue
from postduif.queue.store import Store

SIZE = 500


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A place with 200 recipients in 40 domains, all due."""
    (tmp_path / "data").mkdir(mode=0o700)
    fill(tmp_path / "data", Backlog(200, names(40), SIZE), time.time() + 100)
    assert waiting(tmp_path / "data") == 200
    hasten(tmp_path / "data", 200)
    return tmp_path


def test_the_backlog_is_a_queue(home: Path) -> None:
    """What bulk SQL wrote the store takes for its own: counts, envelopes, earlier attempts, contents."""

    async def look() -> None:
        store = Store.open(home / "data", Queue(), SystemClock())
        try:
            keys = store.due(time.time())
            assert store.stats.queued == 200
            assert len(keys) == 40
            (first, *_) = entries = await store.lease(keys[0], 100)
            assert len(entries) == 5
            assert first.recipient.attempts == 2
            assert str(first.recipient.last_reply).startswith("451 4.7.1")
            content = (await store.content(first.envelope.id)).content
            assert len(content) == first.envelope.size > SIZE * 0.8
        finally:
            await store.close()

    asyncio.run(look())


def test_sick_ones_get_nothing_and_the_others_all(home: Path) -> None:
    """Of 40 domains one refuses, one is silent and five are tarpits: the 33 others get their 165 messages."""
    stretch = among_many(home, 165, sick=True)
    assert stretch.rate > 0
    assert stretch.first > 0
    assert stretch.cpu > 0
    assert stretch.files > 10
    assert stretch.memory > 10 * 1024 * 1024
    assert stretch.lag.looks > 0
    assert 33 <= waiting(home / "data") <= 40  # what was under way when it stopped may be among them


def test_among_few(tmp_path: Path) -> None:
    """The well ones of twenty get theirs beside a dead one and tarpits."""
    assert among_few(tmp_path, "refusing", 10, SIZE).rate > 0


def test_new_mail_passes_what_waits(home: Path) -> None:
    """New mail is counted at the hosts, and what waits stays where it is."""
    hasten(home / "data", -SPREAD - 1000)
    with Field(home / "field", sick=False) as field, Daemon(home, field.port, by_mx=False) as daemon:
        assert passing(daemon, field, Load(50, SIZE, 10)).rate > 0
    assert waiting(home / "data") == 200


def test_one_in_twenty_is_sick() -> None:
    """The names say who is what."""
    kinds = [name.partition(".")[0].rstrip("0123456789").rstrip("-") for name in names(10_000)]
    assert Counter(kinds) == {
        "domain": 9495,
        "refusing": 250,
        "silent": 250,
        "tarpit": 5,
    }
    assert len(set(names(10_000))) == 10_000
    assert len(domains("silent")) == len(domains("")) + 6


def test_names_have_addresses() -> None:
    """Every domain has one MX of its own, whose address depends on the first word of the domain."""
    places = {"": "127.0.0.2", "silent": "127.0.0.3"}

    def ask(name: str, kind: int) -> bytes:
        question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
        return answer(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + question + bytes([0, kind, 0, 1]), places)

    assert labels(ask("Silent-3.example", 15)) == ["silent-3", "example"]
    assert ask("domain3.example", 15).endswith(b"\x00\x0a\x02mx\xc0\x0c")
    assert ask("mx.domain3.example", 1).endswith(bytes([127, 0, 0, 2]))
    assert ask("mx.silent-3.example", 1).endswith(bytes([127, 0, 0, 3]))
    assert ask("mx.silent-3.example", 28)[6:8] == b"\0\0"


def test_lag() -> None:
    """The 99th percentile is a bound of the histogram; what came before does not count."""
    earlier = Lag({0.01: 50.0, 0.05: 50.0, float("inf"): 50.0})
    later = Lag({0.01: 148.0, 0.05: 149.0, float("inf"): 150.0})
    between = later.since(earlier)
    assert between.looks == 100
    assert between.p99() == 0.05
    assert between.above(0.05) == pytest.approx(0.01)
    assert between.plus(earlier).looks == 150
    assert Lag({float("inf"): 0.0}).above(0.05) == 0.0


def test_the_book_has_medians() -> None:
    """Rates are medians of the runs; memory, files and lateness are the worst or all of them."""
    said: list[str] = []
    book = Book(said.append, idle=10 << 20)
    for rate, files in ((100.0, 7), (300.0, 9), (200.0, 8)):
        book.add("run", Stretch(rate, 1e-4, 30 << 20, files, Lag({0.05: 1.0, float("inf"): 2.0})))
    (row,) = book.rows()
    assert (row["per_second"], row["open_files"], row["memory_above_idle_mib"]) == (200, 9, 20)
    assert (row["loop_lag_p99_ms"], row["loop_late_share"]) == (float("inf"), 0.5)
    assert len(said) == 3


def test_a_place_is_gone_afterwards(tmp_path: Path) -> None:
    """Nothing is left behind."""
    with place(tmp_path / "one") as root:
        (root / "data" / "queue.sqlite").touch()
    assert not root.exists()

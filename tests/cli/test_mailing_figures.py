"""How results are drawn: each figure below the one that it is a share of, within 80 columns."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft, Mailing, Run, State
from postduif.campaign.results import states
from postduif.campaign.results.figures import Figures
from postduif.campaign.results.spread import Bucket, OfDomain, Speed
from postduif.cli.mailing_figures import Result, drawn, line_of, live, rows, width_of
from postduif.cli.mailing_results import rest_after

FIGURES = Figures(
    targeted=2000, excluded=100, to_deliver=1900, pending=400, deferred=50, held=0, later_wave=0, delivered=1400,
    bounced=0, accepted=1400, failed=100, hard=100, soft=0, block=0, expired=0, suppressed=0, withdrawn=0, unknown=0,
    complained=0, unsubscribed=0, answered=0, seeds=1, causes={"quarantine": 100},
    categories={states.State.FAILED: {"recipient_unknown": 100}},
)  # fmt: skip


def result(directory: Path, **run: float) -> Result:
    """A mailing on its way."""
    with mailings(directory) as connection:
        made: Mailing = editing.create(connection, Draft("Autumn"), (), By("ann", 0.0))
    sending = made._replace(state=State.SENDING, run=Run(**run))
    domains = [OfDomain(f"{'long' * 20}{n}.example", 9, 1, 2, 1, 1, 1, 1, 2, 1, 7200.0) for n in range(30)]
    buckets = [Bucket(n * 60.0, n, 0, 1, 0, 0, 0) for n in range(10)]
    return Result(sending, FIGURES, domains, buckets, Speed(5.0, 60, 50))


def printed(what: RenderableType, width: int = 80) -> list[str]:
    """Its lines."""
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_rows() -> None:
    """Causes stand below the excluded, categories below what failed; what is 0 and says nothing is left out."""
    found = {row.name: (row.depth, row.value) for row in rows(FIGURES)}
    assert found["quarantine"] == (2, 100)
    assert found["recipient_unknown"] == (3, 100)
    assert "withdrawn" not in found
    assert found["failed"] == (2, 100)


def test_drawn(tmp_path: Path) -> None:
    """Everything is within the width, with the ten largest domains."""
    lines = printed(drawn(result(tmp_path, started=60.0, ended=120.0), 80))
    assert max(map(len, lines)) <= 80
    assert any(line.split() == ["delivered", "1,400", "73.7", "%", "of", "to", "deliver"] for line in lines)
    assert sum("long" in line for line in lines) == 10
    assert any(line.startswith("20 more domains; --json has the largest 30") for line in lines)


@pytest.mark.parametrize("room", [60, 80, 120])
def test_no_number_is_cut(tmp_path: Path, room: int) -> None:
    """However many columns there are, each number is whole; those that have no room go together."""
    found = result(tmp_path, started=60.0, ended=120.0)
    ends = (123_456, 1234, 2345, 3456, 4567, 5678)
    wide = [OfDomain("a-long-name-of-a-domain.example", 999_999, *ends, 859_263, 5, 7200.0)]
    many = found._replace(domains=wide, buckets=[Bucket(60.0 * n, *ends) for n in range(3)])
    lines = printed(drawn(many, room), room)
    assert max(map(len, lines)) <= room
    (line,) = (line for line in lines if "a-long" in line)
    numbers = [int(word.replace(",", "")) for word in line.split()[1:] if word[0].isdigit() and word[-1].isdigit()]
    assert (numbers[0], sum(numbers[1:])) == (999_999, 999_999)
    assert ("other" in "\n".join(lines)) == (room < 120)
    assert sum("123,456" in line for line in lines) == 4


def test_late_bounces(tmp_path: Path) -> None:
    """What came days later is in the last row, not behind it."""
    found = result(tmp_path, started=0.0, ended=30.0)
    late = [Bucket(5.0 * n, 10, 0, 0, 0, 0, 0) for n in range(11)] + [
        Bucket(9e4 + n, 0, 2, 0, 0, 0, 0) for n in range(9)
    ]
    lines = printed(drawn(found._replace(domains=(), buckets=late), 80))
    assert lines[-2].split()[2:4] == ["0", "18"] or lines[-1].split()[2:4] == ["0", "18"]


def test_a_figure_whose_whole_is_zero() -> None:
    """Who complains of a mail whose end is in doubt is shown, below a 0."""
    found = [row.name for row in rows(FIGURES._replace(delivered=0, accepted=0, pending=1800, complained=1))]
    assert found.index("accepted") + 1 == found.index("complained")


def test_looks_that_take_long_are_fewer() -> None:
    """A quick look is made twice a second; one that takes 0.7 s each 3.5 s."""
    assert [rest_after(seconds) for seconds in (0.0, 0.1, 0.7)] == [0.5, 0.5, pytest.approx(2.8)]


def test_live(tmp_path: Path) -> None:
    """While it goes on: how far it is, and how fast."""
    text = "\n".join(printed(live(result(tmp_path, started=60.0))))
    assert "1,500/1,900" in text
    assert "10/s" in text
    assert line_of(result(tmp_path)) == "sending: pending 400, deferred 50, delivered 1,400, failed 100 of 1,900"


def test_width() -> None:
    """However long it took, there are few rows."""
    assert [width_of(0.0, end) for end in (1.0, 61.0, 3600.0, 5 * 86400.0)] == [5.0, 10.0, 300.0, 86400.0]

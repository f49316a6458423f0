"""How results are drawn: each figure below the one that it is a share of, within 80 columns."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console, RenderableType

from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft, Mailing, Run, State
from postduif.campaign.results import states
from postduif.campaign.results.figures import Figures
from postduif.campaign.results.spread import Bucket, OfDomain, Speed
from postduif.cli.mailing_figures import Result, drawn, line_of, live, rows, width_of

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
    lines = printed(drawn(result(tmp_path, started=60.0, ended=120.0)))
    assert max(map(len, lines)) <= 80
    assert any(line.split() == ["delivered", "1,400", "73.7", "%", "of", "to", "deliver"] for line in lines)
    assert sum("long" in line for line in lines) == 10


def test_live(tmp_path: Path) -> None:
    """While it goes on: how far it is, and how fast."""
    text = "\n".join(printed(live(result(tmp_path, started=60.0))))
    assert "1,500/1,900" in text
    assert "10/s" in text
    assert line_of(result(tmp_path)) == "sending: pending 400, deferred 50, delivered 1,400, failed 100 of 1,900"


def test_width() -> None:
    """However long it took, there are few rows."""
    assert [width_of(0.0, end) for end in (1.0, 61.0, 3600.0, 5 * 86400.0)] == [5.0, 10.0, 300.0, 86400.0]

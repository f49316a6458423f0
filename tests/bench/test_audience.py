"""What the measurement of the audience measures."""

from __future__ import annotations

from pathlib import Path

from bench.audience import measure


def test_measure(tmp_path: Path) -> None:
    """Each row is about everybody it should be about."""
    tmp_path.chmod(0o700)
    figures = list(measure(tmp_path, 500))
    assert [figure.people for figure in figures[:5]] == [500] * 5
    assert 0 < figures[5].people < 500
    assert all("/s of processor" in str(figure) for figure in figures)

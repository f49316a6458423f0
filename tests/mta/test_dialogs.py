"""Every transcript in tests/dialogs, whole, one octet at a time, and cut at random."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogs import transcript

DIALOGS = sorted((Path(__file__).parent.parent / "dialogs").glob("*.smtp"))


@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: path.stem)
def test_dialog_goes_as_written(path: Path) -> None:
    """The session says what the transcript says."""
    transcript.run(path, transcript.whole)


@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: path.stem)
def test_dialog_one_octet_at_a_time(path: Path) -> None:
    """Octet by octet, the session says the same."""
    transcript.run(path, transcript.single)


@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: path.stem)
def test_dialog_cut_at_random(path: Path) -> None:
    """However it is cut, the session says the same."""
    for seed in range(20):
        transcript.run(path, transcript.at_random(seed))

"""Asking the daemon while its file has a mistake."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from postduif.sink import Sink
from tests.cli.installation import asked, installed, run, tried, written

WARNING = "; the daemon that runs is asked, on the settings it has\n"


def test_a_mistake_is_no_hindrance(tmp_path: Path) -> None:
    """One line on standard error names the mistake, and the daemon answers all the same."""

    async def story() -> None:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            number = await daemon.submit(["tempfail@x.example"])
            await tried(daemon, 1)
            text = daemon.path.read_text()
            line = text.count("\n") + 1
            for wrong, problem in (("lifetiem = 1\n", f":{line}: "), ("oops\n", f":{line}: no = after the name")):
                daemon.path.write_text(text + wrong)
                for words in (
                    ("queue", "summary"),
                    ("queue", "top"),
                    ("suppress", "list"),
                    ("site", "show"),
                    ("bounce", "unprocessed"),
                    ("why", str(number)),
                ):
                    result = await asked(daemon, *words)
                    assert result.exit_code == 0, result.output
                    assert problem in result.stderr
                    assert (result.stderr.count("\n"), result.stderr.endswith(WARNING)) == (1, True)
            assert "because of delivery.retry = ? (unknown, the file has a mistake)" in result.stdout

    asyncio.run(story())


@pytest.mark.parametrize("words", [("queue", "summary"), ("why", "1"), ("suppress", "list")])
def test_without_a_daemon_it_is_one(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Nobody is there to be asked: the mistake is the answer, and no queue file is made."""
    result = run(written(tmp_path, "[queue]\nx = 1\n"), *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert WARNING not in result.stderr
    assert not (tmp_path / "data").exists()

"""`postduif webhook`: how far receivers are, and told again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from postduif.sink import Sink
from tests.cli.installation import asked, asked_json, cells, installed, run, soon, written
from tests.receiver import Receiver, Reply

HOOK = """
[[webhook]]
name = "shop"
url = "{}"
secret = "whsec_QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD"
allowed_networks = ["127.0.0.1"]
events = ["delivered"]
"""


def test_behind_and_told_again(tmp_path: Path) -> None:
    """list says what is wrong and when it is tried again; replay tells again, at once."""

    async def story(receiver: Receiver) -> None:
        async with Sink() as sink, installed(tmp_path, sink.port, HOOK.format(receiver.url)) as daemon:
            assert [row[0] for row in cells(await asked(daemon, "webhook", "list"))] == ["shop"]
            await daemon.submit(["a@x.example"])

            async def failing() -> bool:
                return bool((await asked_json(daemon, "webhook", "list"))[0]["next_try"])

            await daemon.until(failing)
            found = await asked_json(daemon, "webhook", "list")
            assert found[0]["trouble"] == "HTTP status 503"
            assert soon(found[0]["next_try"], 6.5)
            (row,) = cells(await asked(daemon, "webhook", "list"))
            assert row[3] == "HTTP status 503"
            assert row[4].startswith("in ")
            receiver.answers = [Reply()]
            told = await asked(daemon, "webhook", "replay", "shop", "--since", "1h")
            assert told.stdout == "shop is told again what happened in the last 1h\n"
            await daemon.until(lambda: bool(receiver.taken))
            wrong = await asked(daemon, "webhook", "replay", "shoe", "--since", "1h")
            assert (wrong.exit_code, wrong.stderr) == (
                1,
                "postduif: no webhook is called shoe; see `postduif webhook list`\n",
            )

    with Receiver() as receiver:
        receiver.answers = [Reply(503)]
        asyncio.run(story(receiver))


@pytest.mark.parametrize("words", [["list"], ["replay", "shop", "--since", "1h"]])
def test_no_daemon(tmp_path: Path, words: list[str]) -> None:
    """Webhooks live in the daemon: without one there is one line with the remedy, and status 1."""
    result = run(written(tmp_path), "webhook", *words)
    assert result.exit_code == 1
    assert "start it with `postduif serve`" in result.stderr


def test_a_time_is_wanted(tmp_path: Path) -> None:
    """A time that cannot be read is named."""
    result = run(written(tmp_path), "webhook", "replay", "shop", "--since", "yesterday")
    assert result.exit_code == 2
    assert "yesterday" in result.stderr

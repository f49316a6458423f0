"""What senders asked to hear, and what they are told (RFC 3461)."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon, statuses
from tests.stories.roads import to


async def test_never(tmp_path: Path) -> None:
    """NOTIFY=NEVER is kept: nothing is said about the failure."""
    async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
        id = await daemon.submit(["permfail@one.example"], rcpt=["NOTIFY=NEVER"])
        assert [line.kind for line in await daemon.journal(id)] == ["failed"]
        await daemon.until(lambda: daemon.app.store.stats.queued == 0)
        assert sink.figures.messages == 0


async def test_success_relayed(tmp_path: Path) -> None:
    """A host without DSN takes the mail: who asked for SUCCESS hears that it was relayed, who did not hears nothing."""
    async with Sink(without=["DSN"]) as sink, Daemon(tmp_path, to(sink)) as daemon:
        await daemon.submit(["a@one.example"], rcpt=["NOTIFY=SUCCESS", "ORCPT=rfc822;A+2Bb@one.example"])
        await sink.wait_for(2)
        (told,) = statuses(sink.messages[1].content)
        assert (told["Action"], told["Status"]) == ("relayed", "2.0.0")
        assert told["Original-Recipient"] == "rfc822; A+b@one.example"
        await daemon.submit(["b@one.example"])
        await sink.wait_for(3)
        await daemon.until(lambda: daemon.app.store.stats.queued == 0)
        assert sink.figures.messages == 3


async def test_success_passed_on(tmp_path: Path) -> None:
    """A host with DSN is told what was asked, to the letter, and answers for itself."""
    async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
        wishes = ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;A+2Bb@one.example"]
        await daemon.submit(["a@one.example"], mail=["RET=HDRS", "ENVID=Qq+2B1"], rcpt=wishes)
        await daemon.until(lambda: sink.figures.messages and daemon.app.store.stats.queued == 0)
        (mail,) = sink.messages
        assert (mail.params["RET"], mail.params["ENVID"]) == ("HDRS", "Qq+2B1")
        assert mail.recipient_params[0] == {"NOTIFY": "SUCCESS,FAILURE", "ORCPT": "rfc822;A+2Bb@one.example"}


@pytest.mark.parametrize("wish", ["NOTIFY=DELAY", "NOTIFY=FAILURE"])
async def test_delay(tmp_path: Path, wish: str) -> None:
    """Who asked for DELAY is told once that mail still waits, and until when."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink, 'retry = "1h"'), clock) as daemon:
        id = await daemon.submit(["tempfail@one.example"], rcpt=[wish])
        for attempts in range(1, 7):
            await daemon.journal(id, attempts)
            clock.advance(3600)
        await daemon.journal(id, 7)
        notices = [mail for mail in sink.messages if mail.sender == ""]
        assert len(notices) == (wish == "NOTIFY=DELAY")
        for notice in notices:
            (told,) = statuses(notice.content)
            assert (told["Action"], told["Status"]) == ("delayed", "4.2.1")
            assert told["Will-Retry-Until"]


async def test_no_notice_about_a_notice(tmp_path: Path) -> None:
    """A notification that fails is dropped: no second one is made, and none comes back."""
    async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
        await daemon.submit(["permfail@one.example"], sender="permfail@sender.example")
        await daemon.until(lambda: sink.figures.refused["550 5.1.1"] == 2)
        await daemon.until(lambda: daemon.app.store.stats.queued == 0)
        assert sink.figures.messages == 0

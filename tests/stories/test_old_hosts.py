"""Hosts that know less than ours: mail is re-encoded for them, or returned when it cannot be."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

from postduif.sink import Sink
from tests.stories.daemon import Daemon, statuses
from tests.stories.roads import to

EIGHT_BIT = (
    "From: app@sender.example\r\nSubject: news\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nGrüße aus Köln\r\n"
).encode()


async def test_without_8bitmime(tmp_path: Path) -> None:
    """A host without 8BITMIME gets seven bits that say the same."""
    async with Sink(without=["8BITMIME", "SMTPUTF8"]) as sink, Daemon(tmp_path, to(sink)) as daemon:
        await daemon.submit(["a@one.example"], content=EIGHT_BIT)
        await sink.wait_for(1)
        mail = sink.messages[0]
        assert mail.content.isascii()
        assert "BODY" not in mail.params
        assert message_from_bytes(mail.content, policy=policy.default).get_content().strip() == "Grüße aus Köln"


async def test_with_8bitmime(tmp_path: Path) -> None:
    """A host with 8BITMIME gets it as it is."""
    async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
        await daemon.submit(["a@one.example"], content=EIGHT_BIT)
        await sink.wait_for(1)
        assert sink.messages[0].params["BODY"] == "8BITMIME"
        assert sink.messages[0].content.endswith("Grüße aus Köln\r\n".encode())


async def test_without_smtputf8(tmp_path: Path) -> None:
    """An address that needs SMTPUTF8 cannot be said to a host without it: 5.6.7, and the sender hears it."""
    async with Sink(without=["SMTPUTF8"]) as sink, Daemon(tmp_path, to(sink)) as daemon:
        await daemon.submit(["jürgen@one.example"], mail=["SMTPUTF8"])
        await sink.wait_for(1)
        (told,) = statuses(sink.messages[0].content)
        assert (told["Status"], told["Final-Recipient"]) == ("5.6.7", r"utf-8; j\x{FC}rgen@one.example")

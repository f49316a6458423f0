"""Mail that arrives."""

from __future__ import annotations

from pathlib import Path

from postduif.sink import Sink
from tests.stories.daemon import Daemon, text
from tests.stories.roads import to


async def test_delivered(tmp_path: Path) -> None:
    """What an application submits arrives whole, with a trace header, and leaves the queue for the journal."""
    async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
        id = await daemon.submit(["a@one.example", "b@one.example"], content=text("first"))
        await sink.wait_for(1)
        mail = sink.messages[0]
        assert mail.sender == "app@sender.example"
        assert mail.recipients == ("a@one.example", "b@one.example")
        assert mail.content.startswith(b"Received: from app.sender.example ([127.0.0.1])")
        assert mail.content.endswith(text("first").split(b"\r\n\r\n", 1)[1])
        lines = await daemon.journal(id, 2)
        assert {line.kind for line in lines} == {"delivered"}
        assert await daemon.waiting() == []

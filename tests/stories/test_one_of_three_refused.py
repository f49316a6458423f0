"""One recipient of three is refused: two are served, and the sender hears about the one."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path

from postduif.sink import Sink
from tests.stories.daemon import Daemon, statuses
from tests.stories.roads import to


async def test_one_of_three_refused(tmp_path: Path) -> None:
    """The others get the mail in the same transaction; the notification comes from <> and names only the one."""
    async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
        id = await daemon.submit(["a@one.example", "permfail@one.example", "c@one.example"])
        await sink.wait_for(2)
        mail, notice = sink.messages
        assert mail.recipients == ("a@one.example", "c@one.example")
        assert (notice.sender, notice.recipients) == ("", ("app@sender.example",))
        assert message_from_bytes(notice.content).get_content_type() == "multipart/report"
        (status,) = statuses(notice.content)
        assert status["Final-Recipient"] == "rfc822; permfail@one.example"
        assert (status["Action"], status["Status"]) == ("failed", "5.1.1")
        assert status["Diagnostic-Code"] == "smtp; 550 5.1.1 no such user here"
        kinds = sorted(line.kind for line in await daemon.journal(id, 3))
        assert kinds == ["delivered", "delivered", "failed"]
        await daemon.until(lambda: daemon.app.store.stats.queued == 0)

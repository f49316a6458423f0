"""A whole daemon in the test's own event loop, with the clock in the test's hand: what the stories are told with."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.message import EmailMessage, Message
from pathlib import Path
from types import TracebackType
from typing import Self

from postduif.app import App
from postduif.queue.condition import Condition
from postduif.queue.journal import Line, Question
from postduif.queue.survey import Waiting
from postduif.sink import Sink
from tests.fakes import FakeClock

PATIENCE = 60.0  # real seconds until a story is given up
EVERYTHING = Condition(all=True)


def text(subject: str = "hello", sender: str = "app@sender.example", body: str = "Hello.\n") -> bytes:
    """A small ordinary mail."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "someone@example.net", subject
    message.set_content(body)
    return message.as_bytes().replace(b"\n", b"\r\n")


def statuses(notice: bytes) -> list[Message]:
    """The groups about recipients in a notification (RFC 3464 2.3)."""
    whole = message_from_bytes(notice)
    assert whole.get_content_type() == "multipart/report", notice.decode()
    groups = whole.get_payload(1).get_payload()
    return list(groups[1:])


class Daemon:
    """`async with Daemon(tmp_path, settings) as daemon:` starts it; the end of the block stops it."""

    def __init__(self, directory: Path, settings: str, clock: FakeClock | None = None) -> None:
        """`settings` is TOML that follows a [server] section and a trusted submission listener."""
        directory.chmod(0o700)
        self.clock = clock or FakeClock()
        self.path = directory / "postduif.toml"
        self.path.write_text(
            f"""
            [server]
            hostname = "mta.sender.example"
            data_dir = "{directory}/data"
            run_dir = "{directory}/run"
            log_level = "warning"
            [[listener]]
            address = "127.0.0.1:0"
            trusted = ["127.0.0.0/8"]
            {settings}
            """
        )

    async def start(self) -> None:
        """Open every door and begin to deliver."""
        self.app = App(self.path, self.clock)
        await self.app.start()
        self._delivering = asyncio.create_task(self.app.delivery.run())

    async def stop(self) -> None:
        """Let what is under way end, and close."""
        await self.app.stop()
        self._delivering.cancel()
        await asyncio.gather(self._delivering, return_exceptions=True)

    async def __aenter__(self) -> Self:
        """Started."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stopped."""
        await self.stop()

    @property
    def port(self) -> int:
        """Where mail is submitted."""
        return self.app.servers[0].address[1]

    async def submit(
        self,
        recipients: Sequence[str],
        *,
        sender: str = "app@sender.example",
        content: bytes = b"",
        mail: Sequence[str] = (),
        rcpt: Sequence[str] = (),
    ) -> int:
        """Submit one mail as an application does; its queue id. `mail` and `rcpt` are parameters, as NOTIFY=SUCCESS."""
        return await asyncio.to_thread(self._submit, sender, recipients, content or text(), mail, rcpt)

    def _submit(
        self, sender: str, recipients: Sequence[str], content: bytes, mail: Sequence[str], rcpt: Sequence[str]
    ) -> int:
        with smtplib.SMTP("127.0.0.1", self.port, timeout=PATIENCE) as client:
            client.command_encoding = "utf-8"
            client.ehlo("app.sender.example")
            assert client.mail(sender, mail)[0] == 250
            for recipient in recipients:
                code, words = client.rcpt(recipient, rcpt)
                assert code == 250, words
            code, words = client.data(content)
            assert code == 250, words
            return int(words.split()[-1])

    async def journal(self, id: int, count: int = 1) -> list[Line]:
        """The journal of a message, oldest first, once it has `count` lines."""
        lines: list[Line] = []

        async def read() -> bool:
            lines[:] = reversed(await self.app.store.questions.journal(Question(message=id), 100))
            return len(lines) >= count

        await self.until(read)
        return lines

    async def waiting(self) -> list[Waiting]:
        """What is in the queue."""
        return await self.app.store.questions.listing(EVERYTHING, 100)

    async def until(self, true: Callable[[], object]) -> None:
        """Return once `true()` (awaited if need be) is so; real sockets and disks take their time."""
        async with asyncio.timeout(PATIENCE):
            while True:
                result = true()
                if asyncio.iscoroutine(result):
                    result = await result
                if result:
                    return
                await asyncio.sleep(0.002)

    async def settle(self, rounds: int = 25) -> None:
        """Give what could happen now the time to happen: to show that something does not."""
        for _ in range(rounds):
            await asyncio.sleep(0.002)

    async def quiet(self, sink: Sink) -> None:
        """Return once a sink has taken nothing for a while."""
        taken = -1
        while taken != sink.figures.messages:
            taken = sink.figures.messages
            await self.settle(40)

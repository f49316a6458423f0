"""A whole installation for a browser: the daemon of the demonstration with its pages, and the sink that gets its mail.

    with Site() as site:
        page.goto(site.enter("anna", "sender"))        # an address that signs in once

It runs in a thread with an event loop of its own, because Playwright has one in the test's.
"""

from __future__ import annotations

import asyncio
import http.client
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from postduif.campaign.accounts import people, sessions
from postduif.campaign.accounts.connection import accounts
from postduif.campaign.accounts.roles import Role
from postduif.campaign.mailings.changing import By
from postduif.demo.readers import Mail, read
from postduif.demo.run import Stage, stage
from postduif.sink import Received

PATIENCE = 60.0  # real seconds


class Site:
    """Started on entry, gone on exit, with everything it wrote."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._directory = tempfile.TemporaryDirectory(prefix="pd-browser-")  # short: the control socket is below it
        self._ready = threading.Event()
        self._over: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="site")
        self._failure = ""

    def __enter__(self) -> Self:
        """Ready."""
        self._thread.start()
        assert self._ready.wait(PATIENCE), "the daemon did not start"
        assert not self._failure, self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Everything has ended."""
        if self._over:
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._directory.cleanup()

    async def _run(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with stage(Path(self._directory.name)) as self._stage:
                self._ready.set()
                await self._over.wait()
        except Exception as error:  # told to the test, which else waits in vain
            self._failure = repr(error)
            self._ready.set()

    @property
    def stage(self) -> Stage:
        """Daemon, sink and readers."""
        return self._stage

    @property
    def url(self) -> str:
        """What addresses of the pages begin with."""
        return f"http://127.0.0.1:{self.stage.daemon.workshop.web}"

    @property
    def data_dir(self) -> Path:
        """Where the campaign is."""
        return Path(self._directory.name) / "data"

    def enter(self, name: str, role: str) -> str:
        """An address by which somebody of that role signs in, once."""
        by = By("a test", time.time())
        with accounts(self.data_dir) as connection:
            if people.found(connection, name) is None:
                people.add(connection, name, "", Role(role), by)
            return f"{self.url}/enter/{sessions.make_link(connection, name, by)}"

    def mail(self, recipient: str, subject: str = "") -> Received:
        """The first mail to somebody with that in it, once it is there."""
        until = time.monotonic() + PATIENCE
        while True:
            for one in list(self.stage.sink.messages):
                if recipient in one.recipients and subject.encode() in one.content:
                    return one
            assert time.monotonic() < until, f"no mail came to {recipient}"
            time.sleep(0.05)

    @property
    def arrived(self) -> int:
        """How many mails came, to anybody."""
        return self.stage.sink.figures.messages

    def read(self, recipient: str) -> Mail:
        """What a reader finds in the mailing that came; paths below `public`."""
        found = read(self.mail(recipient, "List-Unsubscribe"))
        assert found
        return found

    @property
    def public(self) -> str:
        """What links in mail begin with."""
        return f"http://127.0.0.1:{self.stage.daemon.workshop.public}"

    def ask(self, method: str, path: str, body: str = "", agent: str = "Mozilla/5.0 Firefox/140.0") -> int:
        """Ask for a page behind a mail as mail programs do; the status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stage.daemon.workshop.public, timeout=PATIENCE)
        try:
            headers = {"User-Agent": agent, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request(method, path, body or None, headers)
            return connection.getresponse().status
        finally:
            connection.close()

"""The public pages on a real server, on a free port of loopback, in a thread of its own."""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from postduif.campaign import serving as serving_
from postduif.campaign.public.app import create_app
from postduif.config.kinds import HostPort
from postduif.config.schema import Config
from tests.campaign.tracking.readers import NOW, config_of, mailing, on_file, token
from tests.fakes import FakeClock

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0"
FORM = "application/x-www-form-urlencoded"


class Reply(NamedTuple):
    """What a server sent."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The page."""
        return self.body.decode()


class Served:
    """Ask it."""

    def __init__(self, data_dir: Path, port: int, clock: FakeClock) -> None:
        self.data_dir = data_dir
        self.port = port
        self.clock = clock

    def token(self, number: int = 0) -> str:
        """Of that recipient."""
        return token(self.data_dir, number)

    def ask(
        self, path: str, method: str = "GET", body: bytes | str | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, {"User-Agent": FIREFOX, **(headers or {})})
            answer = connection.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, fields, answer.read())

    def post(self, path: str, body: bytes | str, kind: str = FORM, **headers: str) -> Reply:
        """A form."""
        return self.ask(path, "POST", body, {"Content-Type": kind, **headers})

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What is on file."""
        with on_file(self.data_dir) as connection:
            return connection.execute(query).fetchall()

    def wishes(self) -> list[tuple[object, ...]]:
        """Number, kind, type and how of all."""
        return self.rows("SELECT number, kind, type, how FROM wish ORDER BY id")

    def visits(self, count: int) -> list[tuple[object, ...]]:
        """Number, kind, link, agent and machine of all, once there are so many."""
        query = "SELECT number, kind, link, agent, machine FROM visit ORDER BY id"
        until = time.monotonic() + 60
        while len(found := self.rows(query)) < count and time.monotonic() < until:
            time.sleep(0.02)
        return found


@contextlib.contextmanager
def served(directory: Path) -> Iterator[Served]:
    """An installation with one mailing, and its pages; the clock is some minutes after the delivery."""
    directory.chmod(0o700)
    config = config_of(directory)
    mailing(config.server.data_dir)
    with serving(config, FakeClock(NOW + 600)) as made:
        yield made


@contextlib.contextmanager
def serving(config: Config, clock: FakeClock) -> Iterator[Served]:
    """The pages of an installation."""
    app = create_app(config, clock)
    server = serving_.Served(app, HostPort("127.0.0.1:0"))
    server.start("web.public_address")
    try:
        yield Served(config.server.data_dir, server.port, clock)
    finally:
        server.stop()
        app.close()

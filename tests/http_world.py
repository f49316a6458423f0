"""The real program with an HTTP door, and clients of it that say exactly what a test wants."""

from __future__ import annotations

import json
import re
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from postduif.mta.injection import tokens
from tests.program import Program

PATIENCE = 60.0  # real seconds
NAMES = ["name"]
TEMPLATE = {
    "sender": "news@sender.example",
    "names": NAMES,
    "content": {
        "sender": {"address": "news@sender.example", "name": "News"},
        "to": {"address": "{{ email }}", "name": "{{ name }}"},
        "subject": "For {{ name }}",
        "text": "Dear {{ name }},\n\nall is well.\n",
    },
}
SINGLE = {
    "sender": "a@sender.example",
    "recipients": ["b@remote.example"],
    "content": "From: a@sender.example\nSubject: hi\n\nHello.\n",
}


class Response(NamedTuple):
    """One response."""

    status: int
    fields: dict[str, str]
    body: Any
    """What its JSON says."""


class Talk:
    """One connection."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        """Connected."""
        return self

    def __exit__(self, *_: object) -> None:
        """Gone."""
        self._file.close()
        self.socket.close()

    def send(self, octets: bytes) -> None:
        """As they are. The peer may be gone."""
        with suppress(ConnectionError):
            self.socket.sendall(octets)

    def hear(self) -> Response | None:
        """The next response; None: the connection is over."""
        with suppress(ConnectionError):
            line = self._file.readline()
            if not line:
                return None
            match = re.fullmatch(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n", line)
            assert match, line
            fields = {}
            while (field := self._file.readline()) != b"\r\n":
                name, _, value = field.decode("ascii").partition(":")
                fields[name.lower()] = value.strip()
            length = int(fields.get("content-length", "0"))
            return Response(int(match[1]), fields, json.loads(self._file.read(length)) if length else None)
        return None

    def over(self) -> bool:
        """Nothing more comes, and the connection is closed."""
        with suppress(ConnectionError):
            return self._file.read(1) == b""
        return True


class HttpWorld:
    """`with HttpWorld(directory, settings) as world:` has a daemon running, with a token for anything."""

    def __init__(self, directory: Path, settings: str = "", http: str = "") -> None:
        """`settings` is TOML with any sections, `http` more settings of [http]."""
        self.directory = directory
        text = f'{settings}\n[http]\naddress = "127.0.0.1:0"\n{http}\n'
        self.program = Program(directory, text)
        (directory / "queue").mkdir(mode=0o700)
        self.token = self.new_token("shop")
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Running."""
        self._stack.enter_context(self.program)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ended."""
        self._stack.close()

    def start(self) -> None:
        """Start it; the port is another one each time."""
        self.program.start()
        self.program.wait_told("READY=1")
        self.port = int(re.findall(r"http_listening address=127\.0\.0\.1:(\d+)", self.log())[-1])

    def new_token(self, user: str, *senders: str, rate: str = "") -> str:
        """A token of that user."""
        return tokens.make(self.directory / "queue", user, senders, rate, 0)

    def log(self) -> str:
        """Every line so far."""
        return self.program.log.read_text()

    def talk(self, source: str = "127.0.0.1") -> Talk:
        """Connect."""
        return Talk(self.port, source)

    def head(
        self,
        *fields: str,
        line: str = "POST /api/v1/inject HTTP/1.1",
        token: str | None = None,
        kind: str = "application/json",
    ) -> bytes:
        """A request's head with what every one needs, and these fields."""
        usual = [line, "Host: mta", f"Authorization: Bearer {token or self.token}", f"Content-Type: {kind}"]
        return "\r\n".join([*usual, *fields, "", ""]).encode()

    def post(
        self,
        body: object,
        *fields: str,
        source: str = "127.0.0.1",
        token: str | None = None,
        kind: str = "application/json",
    ) -> Response:
        """One request over a connection of its own; `body` is made JSON unless it is octets."""
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        with self.talk(source) as talk:
            talk.send(self.head(f"Content-Length: {len(octets)}", *fields, token=token, kind=kind) + octets)
            answer = talk.hear()
            assert answer is not None
            return answer

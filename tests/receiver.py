"""An HTTP server on loopback that receives webhooks, and answers as a test wants.

    with Receiver() as receiver:
        receiver.answers = [Reply(503), Reply(200)]     # in turn; the last repeats
        ... receiver.url ... receiver.requests

It runs in a thread of its own, so it serves other processes too.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self


class Reply(NamedTuple):
    """What is answered: a status, header fields, a body. Status 0: hang up. `wait`: answer only then."""

    status: int = 204
    fields: Mapping[str, str] = {}
    body: bytes = b""
    wait: threading.Event | None = None


class Request(NamedTuple):
    """What came."""

    path: str
    fields: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    client: tuple[str, int]
    answered: int

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was told."""
        found: list[dict[str, Any]] = json.loads(self.body)["data"]
        return found


class Receiver:
    """Serves while the context lasts; with `context` over TLS."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answers = [Reply()]
        self.requests: list[Request] = []
        self.handshakes: list[str | None] = []
        """The names that clients asked for in TLS."""
        self._context = context
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Listening."""
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.receiver = self
        if self._context is not None:
            self._context.sni_callback = lambda _, name, __: self.handshakes.append(name)
            self._server.socket = self._context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address without TLS."""
        return f"http://127.0.0.1:{self.port}/events?for=us"

    @property
    def taken(self) -> list[dict[str, Any]]:
        """The events of all requests that were answered with 2yz, in the order they came."""
        return [event for one in list(self.requests) if 200 <= one.answered < 300 for event in one.events]

    def reply(self, path: str, fields: Mapping[str, str], body: bytes, client: tuple[str, int]) -> Reply:
        """Note a request, and say what is answered."""
        with self._lock:
            reply = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            self.requests.append(Request(path, fields, body, client, reply.status))
            return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    receiver: Receiver

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no error."""


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_POST(self) -> None:
        """Take one."""
        assert isinstance(self.server, _Server)
        fields = {name.lower(): value for name, value in self.headers.items()}
        size = int(fields["content-length"])
        body = self.rfile.read(size)
        if len(body) < size:  # the client died while it spoke: nothing came
            self.close_connection = True
            return
        reply = self.server.receiver.reply(self.path, fields, body, self.client_address)
        if reply.wait is not None:
            reply.wait.wait(60)
        if not reply.status:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.fields}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

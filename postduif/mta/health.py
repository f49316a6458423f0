"""/metrics, /healthz and /readyz over HTTP, in a thread of its own: they answer even when the event loop does not."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STALLED = 10.0  # seconds without a turn of the event loop before we are not healthy


@dataclass(frozen=True, slots=True)
class Health:
    """What probes are told. `trouble` is "" when all is well."""

    alive: bool
    ready: bool
    trouble: str = ""


class _SixServer(WSGIServer):
    address_family = socket.AF_INET6


class _Quiet(WSGIRequestHandler):
    timeout = 10  # seconds for one request

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the parent names it so
        """Requests of probes are not logged."""


class HealthServer:
    """Serves until closed."""

    def __init__(self, host: str, port: int, health: Callable[[], Health], refresh: Callable[[], None]) -> None:
        """`refresh` brings gauges up to date before they are read. Raises OSError when the port is taken."""
        self._health = health
        self._refresh = refresh
        self._metrics = make_wsgi_app()
        kind = _SixServer if ":" in host else WSGIServer
        self._server: WSGIServer = make_server(host, port, self._answer, kind, _Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The real port."""
        return self._server.server_port

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            self._refresh()
            answer: Iterable[bytes] = self._metrics(environ, start_response)
            return answer
        health = self._health()
        good = {"/healthz": health.alive, "/readyz": health.ready}.get(path)
        if good is None:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"try /metrics, /healthz or /readyz\n"]
        start_response("200 OK" if good else "503 Service Unavailable", [("Content-Type", "application/json")])
        return [json.dumps({"ok": good, "trouble": health.trouble}).encode() + b"\n"]

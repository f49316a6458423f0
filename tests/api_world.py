"""Programs that call the API of pages that are served, and what they are answered.

with Pages(tmp_path) as pages:
    shop = caller(pages, "look", "edit")
    answer = shop.post("/contacts", {"email": "jo@example.net"})
    answer.json["id"]
"""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any, NamedTuple

from postduif.campaign.accounts import people, tokens
from postduif.campaign.accounts.roles import SCOPES, Role
from postduif.campaign.mailings.changing import By
from tests.web_world import Pages

PREFIX = "/api/v1"


class Said(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of a problem; it is always one that can be read."""
        assert self.headers["content-type"] == "application/problem+json", self
        found = self.json
        assert found["status"] == self.status
        assert found["remedy"]
        code: str = found["code"]
        return code


class Program:
    """Calls with one token."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token

    def get(self, path: str, **headers: str) -> Said:
        """Read."""
        return self.ask("GET", path, None, headers)

    def post(self, path: str, body: object = None, **headers: str) -> Said:
        """Make or do."""
        return self.ask("POST", path, body, headers)

    def put(self, path: str, body: object, **headers: str) -> Said:
        """Have it so."""
        return self.ask("PUT", path, body, headers)

    def patch(self, path: str, body: object, **headers: str) -> Said:
        """Change some of it."""
        return self.ask("PATCH", path, body, headers)

    def delete(self, path: str, **headers: str) -> Said:
        """Away with it."""
        return self.ask("DELETE", path, None, headers)

    def ask(self, method: str, path: str, body: object, headers: dict[str, str]) -> Said:
        """Anything. `If_Match` is the field If-Match; a body that is no octets is sent as JSON."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        octets = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if octets is not None:
            sent.setdefault("Content-Type", "application/octet-stream" if body is octets else "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path if path.startswith(PREFIX) else PREFIX + path, octets, sent)
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Said(response.status, fields, response.read())
        finally:
            connection.close()

    def every(self, path: str) -> list[Any]:
        """All items of a list, part by part."""
        found, at = [], path
        while at:
            part = self.get(at).json
            found += part["items"]
            at = part["next"]
        return found


def caller(pages: Pages, *scopes: str, name: str = "shop", role: str = "administrator") -> Program:
    """A new person with a token for these scopes; without any, for all."""
    by = By("a test", pages.desk.clock.time())
    with pages.desk.accounts() as connection:
        if not people.found(connection, name):
            people.add(connection, name, "", Role(role), by)
        wanted = scopes or [scope.value for scope in SCOPES]
        return Program(pages.port, tokens.make(connection, name, name, wanted, by))


def data_dir(pages: Pages) -> Path:
    """Where its files are."""
    return pages.desk.data_dir

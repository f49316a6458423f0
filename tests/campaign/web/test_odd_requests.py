"""Every page and every call of the API, asked for with values that nobody would think of, by everybody."""

from __future__ import annotations

import http.client
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute

from postduif.campaign.accounts.roles import Role
from postduif.campaign.web.api.app import PREFIX
from postduif.campaign.web.api.app import routes as calls
from postduif.campaign.web.pages import ROUTERS
from tests.api_world import caller
from tests.campaign.web.audience_world import with_people
from tests.campaign.web.sent import sent
from tests.web_world import Browser, Pages

ODD = (
    "0",
    "-1",
    str(2**63 - 1),
    str(2**63),
    "9" * 5000,
    "x" * 3000,
    "\0",
    "a\r\nSet-Cookie: planted=1",
    "é\u2028",
    "'\"><script>alert(1)</script>",
    "{{ 7*7 }}%s%(a)s",
    "../../etc/passwd",
    "\ud800",
    "1e999",
    "nan",
    "//[",
    "*%_",
)
EACH = 2
"""Odd values that each page is asked with by an administrator; others are asked with one."""
KEPT = ("/sign-out", "/own/")
"""What would end the session of whoever walks."""
PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")

Asking = tuple[str, str, bytes | None]
"""Method, path, form."""


def encoded(value: str) -> str:
    """In a URL or a form."""
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def pages_of_all() -> list[APIRoute]:
    """All but those that never end, or that end the session."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return [one for one in routes if not one.path.endswith("/live") and not one.path.startswith(KEPT)]


def askings(route: APIRoute, values: Iterable[str], begin: str = "") -> Iterator[Asking]:
    """Odd in the path; odd in the query; odd in the form, of something that is there."""
    there = begin + PARAMETER.sub(lambda found: "anna" if found[1] == "name" else "7", route.path)
    query = [one.alias for one in route.dependant.query_params]
    form = [one.alias for one in route.dependant.body_params] or ["name", "do", "email"]
    method = min(route.methods or {"GET"})
    for value in values:
        odd = encoded(value)
        body = "&".join(f"{name}={odd}" for name in form).encode() if method == "POST" else None
        if PARAMETER.search(route.path):
            yield method, begin + PARAMETER.sub(lambda _, odd=odd: odd, route.path), body  # type: ignore[misc]
        if query:
            yield method, f"{there}?{'&'.join(f'{name}={odd}' for name in query)}", body
        if body and not there.startswith("/people/anna"):
            yield method, there, body


class Walker:
    """Asks on one connection, and keeps what was a mistake of ours."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = headers
        self.statuses: set[int] = set()
        self.wrong: list[tuple[str, str, int]] = []

    def walk(self, asked: Iterable[Asking]) -> None:
        """All of them."""
        for method, path, body in asked:
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            self._connection.request(method, path, body, self._headers | kind)
            answer = self._connection.getresponse()
            text = answer.read()
            self.statuses.add(answer.status)
            planted = "planted=1" in (answer.getheader("set-cookie") or "")
            if planted or b"Traceback" in text or b"<script>alert" in text or answer.status in (500, 501, 502):
                self.wrong.append((method, path[:100], answer.status))

    def close(self) -> None:
        """The connection."""
        self._connection.close()


def by(browser: Browser, port: int) -> Walker:
    """Whoever is signed in there."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return Walker(port, {"Cookie": cookies, "X-CSRF-Token": browser.csrf} if cookies else {})


def test_pages(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """None is a mistake of ours, shows what was typed as markup, or lets a header field in, whoever asks."""
    with Pages(tmp_path) as pages:
        sent(pages.desk.data_dir)
        with_people(pages)
        browsers = [pages.signed_in("anna"), pages.browser()]
        browsers += [pages.signed_in(role, role) for role in Role if role is not Role.ADMINISTRATOR]
        turn = itertools.cycle(ODD)
        for browser in browsers:
            walker = by(browser, pages.port)
            for route in pages_of_all():
                walker.walk(askings(route, itertools.islice(turn, EACH if browser is browsers[0] else 1)))
            walker.close()
            assert walker.wrong == []
            assert {303} if not browser.cookies else walker.statuses >= {200, 404, 422}
    said = capfd.readouterr().err
    assert "failure" not in said
    assert "http_server" not in said


def test_calls(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The API answers each with a problem of its own; the contract's test goes deeper."""
    with Pages(tmp_path) as pages:
        sent(pages.desk.data_dir)
        walker = Walker(pages.port, {"Authorization": f"Bearer {caller(pages).token}"})
        turn = itertools.cycle(ODD)
        for route in calls():
            walker.walk(askings(route, itertools.islice(turn, EACH), PREFIX))
        walker.close()
        assert walker.wrong == []
        assert walker.statuses >= {404, 422}
    assert "failure" not in capfd.readouterr().err

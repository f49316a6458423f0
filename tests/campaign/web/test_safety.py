"""The gate: who is let through, and what every answer tells the browser."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.responses import StreamingResponse

from postduif.campaign.accounts import secret
from postduif.campaign.accounts.roles import Permission
from postduif.campaign.web.pages import ROUTERS
from postduif.campaign.web.safety import HEADERS, MAX_BODY, OPEN, SAFE, local_path
from postduif.campaign.web.turns import AT_ONCE
from postduif.campaign.web.visitor import Needs
from tests.campaign.web.sent import sent
from tests.web_world import PASSWORD, Pages

OWN_ACCOUNT = ("/own/", "/tokens")
"""What everybody who is signed in may change: his own."""


def routes() -> list[APIRoute]:
    """All that there are."""
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def permissions(route: APIRoute) -> set[Permission]:
    """Those that a route asks for."""
    return {one.call.permission for one in route.dependant.dependencies if isinstance(one.call, Needs)}


def test_every_page_says_who_it_is_for() -> None:
    """Each route that is not open asks for a permission, and one that changes something for more than looking."""
    for route in routes():
        if not route.path.startswith(OPEN) and route.path != "/sign-out":
            assert permissions(route), f"{route.path} is for nobody; write `who: Looking` or more"
            if route.methods and route.methods - SAFE and not route.path.startswith(OWN_ACCOUNT):
                assert permissions(route) != {Permission.LOOK}, f"{route.path} changes something for who may only look"


def test_nobody_unknown_comes_in(tmp_path: Path) -> None:
    """Every page sends who is not signed in to the sign-in form, and back afterwards; a script is told to go there."""
    with Pages(tmp_path) as pages:
        stranger = pages.browser()
        for route in routes():
            if route.path.startswith(OPEN):
                continue
            method = next(iter(route.methods or {"GET"}))
            answer = stranger.ask(method, route.path.replace("{", "").replace("}", ""))
            assert answer.status == 303, route.path
            assert answer.location.startswith("/sign-in")
        assert stranger.get("/audit?who=a&about=b c".replace(" ", "%20")).location == (
            "/sign-in?next=/audit%3Fwho%3Da%26about%3Db%2520c"
        )
        assert stranger.get("/people", **{"HX-Request": "true"}).headers["hx-redirect"] == "/sign-in"
        stranger.cookies["postduif_session"] = "x" * 43
        assert stranger.get("/people").status == 303


def test_headers(tmp_path: Path) -> None:
    """They stand on pages, files, redirects and errors alike; over TLS the browser is told to stay with it."""
    with Pages(tmp_path) as pages:
        anna = pages.signed_in()
        for answer in (anna.get("/"), anna.get("/nothing"), pages.browser().get("/"), anna.post("/people", csrf="x")):
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
            assert "strict-transport-security" not in answer.headers
            assert "server" not in answer.headers
        secure = pages.browser().get("/sign-in", **{"X-Forwarded-Proto": "https"})
        assert "strict-transport-security" in secure.headers
        cookie = secure.headers["set-cookie"]
        assert cookie.startswith("__Host-postduif_form=")
        assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_forms_of_others(tmp_path: Path, headers: dict[str, str]) -> None:
    """A change that comes from another site is refused, even with the right secret; so is one without it."""
    with Pages(tmp_path) as pages:
        anna = pages.signed_in()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        body = f"csrf={anna.csrf}&name=piet&role=viewer".encode()
        assert anna.ask("POST", "/people", body, kind | headers).status == 403
        for secret in ("", "x", pages.signed_in("maria").csrf):
            assert anna.ask("POST", "/people", f"csrf={secret}&name=piet&role=viewer".encode(), kind).status == 403
        assert anna.ask("POST", "/people", b"name=piet&role=viewer", kind).status == 403
        own = {"Origin": pages.url, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": anna.csrf}
        assert anna.ask("POST", "/people", b"name=piet&role=viewer", kind | own).status == 303


def test_other_names_of_the_host(tmp_path: Path) -> None:
    """A page of others cannot have its name point at ours; links name ours whatever the request says."""
    with Pages(tmp_path, web='url = "https://mail.example.com"') as pages:
        anna = pages.signed_in()
        assert anna.get("/", Host="evil.example").status == 421
        assert '"code":"misdirected"' in anna.get("/api/v1/mailings", Host="evil.example").text
        assert anna.get("/", Host="mail.example.com").status == 200
        page = anna.post("/people/anna/link").text
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://mail.example.com"}
        assert anna.ask("POST", "/sign-out", f"csrf={anna.csrf}".encode(), kind).status == 303
    assert "https://mail.example.com/enter/" in page


def test_too_much(tmp_path: Path) -> None:
    """A body that is announced or turns out too large is refused, and so is a length that is no number."""
    with Pages(tmp_path) as pages:
        anna = pages.signed_in()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        assert anna.ask("POST", "/people", None, kind | {"Content-Length": str(MAX_BODY + 1)}).status == 413
        chunks = (b"%x\r\n%s\r\n" % (len(one), one) for one in [b"&name=" + b"x" * (MAX_BODY // 3)] * 4)
        body = b"".join(chunks) + b"0\r\n\r\n"
        answer = anna.ask("POST", "/people", body, kind | {"Transfer-Encoding": "chunked"})
        assert answer.status == 413
        large = {"Content-Length": str(MAX_BODY + 1)}
        assert pages.signed_in("vera", "viewer").ask("POST", "/contacts/imports", None, kind | large).status == 413
        assert anna.ask("POST", "/contacts/imports", b" " * (MAX_BODY + 1), kind).status == 400  # no form


def test_one_person_has_a_few_threads(tmp_path: Path) -> None:
    """More at once wait for their turn, and others do not; live pages, which stay open, are not counted."""
    live = threading.Barrier(AT_ONCE + 1)
    begun, go_on = queue.SimpleQueue[None](), threading.Event()

    def wait() -> str:
        begun.put(None)
        go_on.wait(60)
        return ""

    def stream() -> Iterator[str]:
        yield "retry: 1000\n\n"
        live.wait(60)
        go_on.wait(60)

    with Pages(tmp_path) as pages, ThreadPoolExecutor(3 * AT_ONCE) as threads:
        pages.app.add_api_route("/wait", wait)
        pages.app.add_api_route("/stream", lambda: StreamingResponse(stream(), media_type="text/event-stream"))
        anna, maria = pages.signed_in("anna"), pages.signed_in("maria")
        asked = [threads.submit(anna.get, "/stream") for _ in range(AT_ONCE)]
        live.wait(60)
        asked += [threads.submit(anna.get, "/wait") for _ in range(AT_ONCE + 2)]
        for _ in range(AT_ONCE):
            begun.get(timeout=60)
        assert maria.get("/own").status == 200
        assert begun.empty()
        go_on.set()
        assert {one.result().status for one in asked} == {200}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/mailings/7?tab=links", "/mailings/7?tab=links"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("", "/"),
        ("///evil.example", "/"),
        ("//[", "/"),
    ],
)
def test_only_our_own_paths(text: str, path: str) -> None:
    """Where the sign-in form leads to afterwards is on these pages."""
    assert local_path(text) == path


def test_the_log_has_no_secrets(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither a mistake of ours nor a refusal writes down what lets somebody in."""
    word, link = "a password typed wrongly", secret.make()
    with Pages(tmp_path) as pages:
        pages.app.add_api_route("/enter/{text}/mistake", lambda text: {}[text])
        pages.add("anna", password=PASSWORD)
        browser = pages.browser()
        assert browser.get(f"/enter/{link}/mistake").status == 500
        assert browser.sign_in("anna", word).status == 401
        browser.get(f"/enter/{link}")
        assert browser.post(f"/enter/{link}").status == 404
    said = capfd.readouterr().err
    assert "path=/enter/SECRET/mistake" in said
    assert "sign_in_refused" in said
    assert word not in said


def test_ways_to_go_are_one_header_field(tmp_path: Path) -> None:
    """What somebody typed comes back encoded in Location: no line end, and nothing that a header field cannot hold."""
    with Pages(tmp_path) as pages:
        sent(pages.desk.data_dir)
        anna = pages.signed_in()
        answer = anna.post("/mailings/7/take", name="Left", excluded_for="é\r\nSet-Cookie: planted=1")
        assert answer.location == "/mailings/7/exclusions?cause=%C3%A9%0D%0ASet-Cookie:%20planted=1"
        assert "set-cookie" not in answer.headers

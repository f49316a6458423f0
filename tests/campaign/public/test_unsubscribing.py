"""One click and the button: durable, without sign-in, once, and only what was asked for."""

from __future__ import annotations

import pytest

from postduif.campaign.public.rooms import OF_DAY, WISHES
from tests.campaign.public.served import FORM, Served

ONE_CLICK = "List-Unsubscribe=One-Click"


def multipart(name: str, value: str, boundary: str = "b0und") -> tuple[str, str]:
    """Content type and body (RFC 7578)."""
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n--{boundary}--\r\n'
    return f"multipart/form-data; boundary={boundary}", body


def test_one_click(pages: Served) -> None:
    """Urlencoded and multipart get 200 without a redirect or a cookie; again and again it is one wish."""
    path = f"/u/{pages.token()}"
    kind, body = multipart("List-Unsubscribe", "One-Click")
    for found in (pages.post(path, ONE_CLICK), pages.post(path, body, kind), pages.post(path, ONE_CLICK)):
        assert (found.status, "location" in found.headers, "set-cookie" in found.headers) == (200, False, False)
    assert pages.wishes() == [(0, "unsubscribe", "news", "one-click")]
    ((at, wording, origin),) = pages.rows("SELECT at, wording, origin FROM wish")
    assert (at, wording, origin) == (pages.clock.time(), "List-Unsubscribe=One-Click", "127.0.0.1")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, ""), (FORM, "List-Unsubscribe=one-click"), (FORM, "list-unsubscribe=One-Click"), (FORM, "a=b"),
        (FORM, "List-Unsubscribe=One-Click&List-Unsubscribe=Two"), (FORM, "List-Unsubscribe"), (FORM, "leave=me"),
        (FORM, "leave=all&stay=all"), ("text/plain", ONE_CLICK), ("application/json", '{"List-Unsubscribe":1}'),
        ("multipart/form-data", ONE_CLICK), ("multipart/form-data; boundary=x", "--x\r\n"), (FORM, b"\xff=\xfe"),
        multipart("List-Unsubscribe", "Two-Clicks"), multipart("Other", "One-Click"), ("", ONE_CLICK),
    ],
)  # fmt: skip
def test_anything_else(shared: Served, kind: str, body: str | bytes) -> None:
    """Is 400, and nothing was asked for."""
    assert shared.post(f"/u/{shared.token()}", body, kind).status == 400
    shared.clock.advance(4)
    assert shared.wishes() == []


def test_somebody_elses(pages: Served) -> None:
    """A token that was changed unsubscribes nobody."""
    token = pages.token()
    for place in range(32):
        changed = token[:place] + ("x" if token[place] != "x" else "y") + token[place + 1 :]
        found = pages.post(f"/u/{changed}", ONE_CLICK, **{"X-Forwarded-For": f"192.0.2.{place}"})
        assert found.status == 404
    assert pages.wishes() == []


def test_the_page(pages: Served) -> None:
    """It asks, in words that say what stops; each button does what it says; it can be taken back."""
    path = f"/u/{pages.token(1)}"
    asked = pages.ask(path).text
    assert "No more the weekly news?" in asked
    assert 'method="post"' in asked
    assert "from News." in asked
    assert "get no more the weekly news" in pages.post(path, "leave=type").text
    assert "get no more mailings" in pages.post(path, "leave=all").text
    assert "again" in pages.post(path, "stay=all").text
    assert pages.wishes() == [
        (1, "unsubscribe", "news", "page"),
        (1, "unsubscribe", "", "page"),
        (1, "resubscribe", "", "page"),
    ]
    assert pages.rows("SELECT wording FROM wish LIMIT 1") == [("Stop the weekly news",)]


@pytest.mark.parametrize(
    ("accepted", "says"),
    [
        ("nl", "Stop met alle mailings"),
        ("de-AT,en;q=0.5", "Alle Mailings"),
        ("fr;q=0.9, es", "Arrêter"),
        ("es", "Stop all"),
    ],
)
def test_languages(shared: Served, accepted: str, says: str) -> None:
    """The page is in the language that the reader likes best, English if it is none of ours."""
    found = shared.ask(f"/u/{shared.token()}", headers={"Accept-Language": accepted})
    assert says in found.text
    assert f'lang="{accepted[:2] if says != "Stop all" else "en"}"' in found.text


def test_too_large_and_too_often(pages: Served) -> None:
    """A body beyond a form's is 413; whoever asks without end for one recipient gets 429, and others do not."""
    path = f"/u/{pages.token()}"
    assert pages.post(path, "x" * 40_000).status == 413
    assert {pages.post(path, ONE_CLICK).status for _ in range(WISHES)} == {200}
    assert pages.post(path, ONE_CLICK).status == 429
    assert pages.post(f"/u/{pages.token(1)}", ONE_CLICK).status == 200


def test_nobody_is_kept_from_leaving(pages: Served) -> None:
    """Who has the link and stays again and again is held back for the day; leaving is not, in any way."""
    token = pages.token()
    for _ in range(OF_DAY // WISHES):
        assert {pages.post(f"/u/{token}", "stay=all").status for _ in range(WISHES)} == {200}
        assert pages.post(f"/u/{token}", ONE_CLICK).status == 200
        pages.clock.advance(61)
    found = pages.post(f"/u/{token}", "stay=all")
    assert (found.status, found.headers["retry-after"]) == (429, "86400")
    assert pages.post(f"/p/{token}", "do=export").status == 429
    leaving = (
        ("u", ONE_CLICK),
        ("u", "leave=type"),
        ("u", "leave=all"),
        ("p", "do=leave"),
        ("p", "do=save&tracking=no"),
    )
    assert [pages.post(f"/{room}/{token}", body).status for room, body in leaving] == [200] * 5
    assert pages.wishes()[-1][1] == "no_tracking"

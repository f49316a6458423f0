"""Links, opens and bad tokens over real HTTP: what leads where, what is told to nobody, and what is noted."""

from __future__ import annotations

import re

import pytest

from postduif.campaign.public.answer import PIXEL
from postduif.campaign.public.app import GUESSES, LOOKS, VISITS
from postduif.recipient_token import SAMPLE, make
from tests.campaign.public.served import Served
from tests.campaign.tracking.readers import NUMBER, PEOPLE


def test_a_link_leads_where_its_maker_wrote(pages: Served) -> None:
    """302 to the link, with the reader's values filled in; the visit is noted with its number."""
    token = pages.token()
    assert pages.ask(f"/c/{token}/1").headers["location"] == "https://shop.example/"
    found = pages.ask(f"/c/{token}/2?a=Ann%20%C3%A9&b=no")
    assert (found.status, found.headers["location"]) == (302, "https://shop.example/for/Ann%20%C3%A9?x=1")
    assert pages.ask(f"/c/{token}/3").headers["location"] == "http://news.example/a%20b"
    assert pages.visits(3) == [(0, "click", number, "firefox", "") for number in (1, 2, 3)]


@pytest.mark.parametrize("room", ["c", "u", "p", "w", "o"])
def test_what_every_answer_says(shared: Served, room: str) -> None:
    """Nothing is kept by anybody on the way, and no other site is told where a reader came from."""
    for token in (shared.token(), "nonsense"):
        path = {"c": f"/c/{token}/1", "o": f"/o/{token}.gif"}.get(room, f"/{room}/{token}")
        found = shared.ask(path)
        assert found.headers["cache-control"] == "no-store"
        assert found.headers["referrer-policy"] == "no-referrer"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in found.headers
        if found.headers.get("content-type", "").startswith("text/html"):
            assert "default-src 'none'" in found.headers["content-security-policy"]


@pytest.mark.parametrize(
    "given",
    [
        "a=//evil.example/", "a=\\\\evil.example", "a=https://evil.example", "a=%0d%0aLocation:%20https://evil.example",
        "a=%250d%250aX:y", "a=@evil.example/", "a=..%2f..%2f..%2fevil.example", "a=javascript:alert(1)", "a=%E2%80%A8",
        "url=https://evil.example", "a=%00", "a=data:text/html,x", "a=%D9%A0",
    ],
)  # fmt: skip
def test_no_open_redirect(shared: Served, given: str) -> None:
    """Whatever comes with a click, it leads to the host of the link, in one header field."""
    found = shared.ask(f"/c/{shared.token()}/2?{given}")
    assert found.status == 302
    assert re.fullmatch(r"https://shop\.example/for/[!-~]*\?x=1", found.headers["location"])
    assert "x" not in found.headers


@pytest.mark.parametrize(
    "path", ["/c/{}/4", "/c/{}/0", "/c/{}/-1", "/c/{}/1/2", "/c/{}", "/c/{}/", "/c/{}/%D9%A1", "/x/{}"]
)
def test_nowhere(shared: Served, path: str) -> None:
    """A link that is not there leads nowhere."""
    found = shared.ask(path.format(shared.token()))
    assert (found.status, "location" in found.headers) == (404, False)


def test_bad_tokens_are_all_the_same(pages: Served) -> None:
    """Cut off, changed in one place, of another key, of a mailing that is not there: one answer, and nothing noted."""
    good = pages.token()
    other = make(b"another key that is long enough", NUMBER, 0)
    bad = [good[:-1], good[1:], f"{good}A", "A" * 32, other, "ann@one.example", "%00", "%C3%A9"]
    bad += [good[:place] + ("B" if good[place] != "B" else "C") + good[place + 1 :] for place in range(0, 32, 6)]
    answers = {
        pages.ask(f"/c/{one}/1", headers={"X-Forwarded-For": f"192.0.2.{place}"})[::2] for place, one in enumerate(bad)
    }
    assert len(answers) == 1
    assert {pages.ask(f"/{room}/{other}")[::2] for room in "upw"} == answers
    assert answers.pop()[0] == 404
    assert pages.ask(f"/o/{other}.gif").body == PIXEL
    assert pages.visits(0) == []


def test_in_a_proof(shared: Served) -> None:
    """The pages that a proof leads to say so, also to who presses or posts; nothing is asked for."""
    for path in ("u/{}", "p/{}", "w/{}", "f/{}/survey"):
        found = shared.ask("/" + path.format(SAMPLE))
        assert (found.status, "This is a proof" in found.text) == (200, True)
    for path in ("u/{}", "p/{}", "f/{}/survey"):
        found = shared.post("/" + path.format(SAMPLE), "List-Unsubscribe=One-Click")
        assert (found.status, "This is a proof" in found.text) == (200, True)
    assert {shared.ask(path.format(SAMPLE)).status for path in ("/f/{}", "/u/{}/x", "/c/{}/1")} == {404}
    assert shared.wishes() == []


def test_guessing_is_slowed_down(pages: Served) -> None:
    """From one address some bad tokens get an answer, then 429 until the time is over; good ones always get theirs."""
    statuses = [pages.ask("/c/nonsense/1").status for _ in range(GUESSES + 3)]
    assert statuses == [404] * GUESSES + [429] * 3
    assert pages.ask(f"/c/{pages.token()}/1").status == 302
    assert pages.ask("/c/nonsense/1", headers={"X-Forwarded-For": "2001:db8::1"}).status == 404
    pages.clock.advance(11)
    assert pages.ask("/c/nonsense/1").status == 404


def test_pages_made_from_files_have_a_rate(pages: Served) -> None:
    """One reader who looks without end gets 429 for a while; another gets his page, and all of them their links."""
    path = f"/p/{pages.token()}"
    assert [pages.ask(path).status for _ in range(LOOKS + 2)] == [200] * LOOKS + [429] * 2
    assert pages.ask(f"/w/{pages.token()}").status == 429
    assert pages.ask(f"/p/{pages.token(1)}").status == 200
    assert pages.ask(f"/c/{pages.token()}/1").status == 302
    pages.clock.advance(61)
    assert pages.ask(path).status == 200


def test_the_dot(pages: Served) -> None:
    """Always the same 43 octets and 200, whatever the token is; only a good one is noted."""
    for token in (pages.token(1), "nonsense", ""):
        found = pages.ask(f"/o/{token}.gif")
        assert (found.status, found.headers["content-type"], found.body) == (200, "image/gif", PIXEL)
    assert len(PIXEL) == 43
    assert pages.visits(1) == [(1, "open", 0, "firefox", "")]


def test_machines_leave_no_click(pages: Served) -> None:
    """HEAD and a scanner get where they want, and what is noted says why it is not a person's."""
    path = f"/c/{pages.token()}/1"
    assert pages.ask(path, "HEAD")[::2] == (302, b"")
    assert pages.ask(path, headers={"User-Agent": "BarracudaCentral"}).status == 302
    assert pages.ask(f"/o/{pages.token()}.gif", headers={"User-Agent": "Mozilla/5.0"}).status == 200
    assert [row[4] for row in pages.visits(3)] == ["head", "scanner", "proxy"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(shared: Served, method: str) -> None:
    """Whoever follows every link of a mail, with any query, has asked for nothing."""
    token = shared.token()
    for path in (f"/c/{token}/1", f"/o/{token}.gif", f"/u/{token}?List-Unsubscribe=One-Click", f"/p/{token}?do=erase"):
        assert shared.ask(path, method).status in (200, 302)
    assert shared.wishes() == []


@pytest.mark.parametrize("path", ["/c/{}/1", "/o/{}.gif", "/w/{}", "/"])
def test_other_methods(shared: Served, path: str) -> None:
    """What cannot be changed is not changed, and says what can be asked."""
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        found = shared.ask(path.format(shared.token()), method)
        assert (found.status, found.headers["allow"]) == (405, "GET, HEAD")


def test_one_reader_again_and_again(pages: Served) -> None:
    """Beyond VISITS a minute nothing more is noted of him; he gets his links all the same."""
    path = f"/c/{pages.token()}/1"
    assert {pages.ask(path).status for _ in range(VISITS + 5)} == {302}
    pages.ask(f"/c/{pages.token(1)}/1")
    assert len([row for row in pages.visits(VISITS + 1) if row[0] == 0]) == VISITS


def test_no_address_is_told(pages: Served) -> None:
    """No page shows the address, and nothing of it or of the network is on file for a visit."""
    for room in "upw":
        text = pages.ask(f"/{room}/{pages.token()}").text
        assert all(one not in text for one in PEOPLE)
    pages.visits(2)
    assert not any("127.0.0.1" in str(row) or "@" in str(row) for row in pages.rows("SELECT * FROM visit"))


def test_style(pages: Served) -> None:
    """The style sheet is ours, and may be kept."""
    found = pages.ask("/style.css")
    assert (found.status, found.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "max-age" in found.headers["cache-control"]

"""The rooms of the MTA, with one that runs: the queue, sites, webhooks, returned mail, the first page."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from postduif.bounce import unprocessed
from postduif.campaign.web.pages import queue, returned
from tests.mta_thread import running
from tests.web_world import Browser, Pages

WEBHOOK = f"""
[[webhook]]
name = "shop"
url = "https://127.0.0.1:9/events"
secret = "whsec_{"A" * 44}"
[[site]]
name = "big"
mx = ["localhost"]
message_rate = "600/m"
"""


def waits(pages: Pages, **condition: object) -> int:
    """How many recipients are in the queue."""
    return int(pages.desk.ask("queue.count", condition=condition or {"all": True})["recipients"])


def test_the_queue(tmp_path: Path) -> None:
    """Held by a page that says how many and asks why, seen in the list and the message, released, and deleted."""
    with running(tmp_path) as (pages, mta):
        anna, piet = pages.signed_in(), pages.signed_in("piet", "viewer")
        sara = pages.signed_in("sara", "sender")
        assert "what comes for them later is held, too" in sara.get("/queue/order?do=hold&domain=x.example").text
        assert sara.post("/queue/hold", domain="x.example").status == 422
        wrong = sara.post("/queue/hold", {"domain": "x.example", "reason": "<i>later</i>", "for": "soon"})
        assert wrong.status == 422
        assert 'value="&lt;i&gt;later&lt;/i&gt;"' in wrong.text
        held = sara.post("/queue/hold", {"domain": "x.example", "reason": "<i>later</i>", "for": "2h"})
        assert held.location == "/queue"
        number = mta.submit("a@x.example", "b@x.example")
        (hold,) = pages.desk.ask("queue.summary")["holds"]
        assert (hold["owner"], hold["reason"]) == ("sara", "<i>later</i>")
        assert 7000 < hold["until"] - time.time() < 7201
        page = piet.get("/queue").text
        assert "&lt;i&gt;later&lt;/i&gt;" in page
        assert "/queue/order" not in page
        assert "/queue/list?domain=&amp;stream=default" in piet.get("/queue?by=stream").text
        assert "2 recipients" in piet.get("/queue/list?recipient=&domain=x.example&held=yes").text
        assert "Nothing in the queue matches" in piet.get("/queue/list?held=no").text
        assert piet.get("/queue/list?older_than=long").status == 422
        assert "Nothing waits for such a domain" in piet.get("/queue?find=none").text
        assert "x.example" in piet.get("/queue?find=EXAM").text
        many = anna.post("/queue/delete", ids=" ".join(["1"] * 501), reason="x")
        assert (many.status, "500 at once are the most" in many.text) == (422, True)
        assert anna.post("/queue/delete", recipient="x" * 321, reason="x").status == 422
        message = piet.get(f"/queue/messages/{number}").text
        assert "is held with its whole scheduled queue by sara" in message
        assert "Subject: &lt;b&gt;hello&lt;/b&gt;" in message
        assert piet.get("/queue/messages/7").status == 404
        assert piet.post("/queue/release", domain="x.example").status == 403
        assert "may not do this" in piet.get(f"/queue/order?do=retry&ids={number}").text
        assert sara.post("/queue/delete", ids=str(number), reason="x").status == 403
        assert anna.post("/queue/delete", ids=str(number)).status == 422
        assert anna.post("/queue/delete", ids="many", reason="x").status == 422
        assert anna.post("/queue/retry").status == 422
        assert anna.get("/queue/order?do=burn&all=true").status == 422
        gone = anna.post("/queue/delete", ids=str(number), reason="a mistake")
        assert gone.location == f"/queue/messages/{number}"
        page = anna.get(gone.location).text
        assert "2 recipients withdrawn" in page
        assert "a mistake" in page
        assert waits(pages) == 0
        assert sara.post("/queue/release", domain="x.example").location == "/queue"
        assert pages.desk.ask("queue.summary")["holds"] == []
        assert sara.post("/queue/retry", recipient="a@x.example").status == 303
        trail = anna.get("/audit").text
        assert "queue.hold" in trail
        assert "recipient 1 address: " in trail
        assert "a@x.example" not in trail


def test_sites(tmp_path: Path) -> None:
    """A site with trouble is shown with its words and the line of its limits; suspended until a time, and resumed."""
    with running(tmp_path, WEBHOOK) as (pages, mta):
        anna, piet = pages.signed_in("anna", "sender"), pages.signed_in("piet", "viewer")
        mta.submit("a@x.example")
        mta.until(lambda: any(one["state"] == "resting" for one in pages.desk.ask("site.list")))
        page = piet.get("/sites").text
        assert "next_hop:*" in page
        assert "resting" in page
        line = pages.path.read_text().splitlines().index('message_rate = "600/m"') + 1
        assert f"{pages.path}:{line}" in page
        assert "<form" not in page.split("<main")[1]
        assert 'value="next_hop:*"' in anna.get("/sites?site=next_hop:*").text
        assert anna.post("/sites/suspend", site="idle.example").status == 422
        fields = {"site": "idle.example", "reason": "<b>theirs</b>", "for": "1x"}
        assert anna.post("/sites/suspend", fields).status == 422
        assert "Reason: 501 characters" in anna.post("/sites/suspend", {**fields, "reason": "r" * 501}).text
        assert anna.post("/sites/suspend", {**fields, "for": "1h"}).location == "/sites"
        assert "No site in use is called so" in piet.get("/sites?find=none").text
        assert "next_hop:*" in piet.get("/sites?find=HOP").text
        page = piet.get("/sites").text
        assert "&lt;b&gt;theirs&lt;/b&gt;" in page
        assert "no mail now" in page
        first = piet.get("/").text
        assert "Site idle.example is suspended by anna" in first
        assert "Webhook" in first or pages.desk.ask("webhook.list")[0]["failing_since"] == 0
        assert piet.post("/sites/resume", site="idle.example").status == 403
        assert anna.post("/sites/resume", site="idle.example").location == "/sites"
        assert anna.post("/sites/resume", site="idle.example").status == 422


def test_webhooks_and_returned_mail(tmp_path: Path) -> None:
    """A webhook is told again; a mail that nobody could read is shown as text, saved as it came, and forgotten."""
    with running(tmp_path, WEBHOOK) as (pages, mta):
        anna, piet = pages.signed_in(), pages.signed_in("piet", "viewer")
        assert "shop" in piet.get("/webhooks").text
        assert anna.post("/webhooks/replay", name="shop", since="long").status == 422
        kept = anna.post("/webhooks/replay", name="none", since="3h")
        assert (kept.status, 'value="3h"' in kept.text) == (422, True)
        assert anna.post("/webhooks/replay", name="shop", since="1h").location == "/webhooks"
        assert piet.post("/webhooks/replay", name="shop", since="1h").status == 403
        assert "Everything that came back was read" in piet.get("/returned").text
        content = b"Subject: back\r\n\r\n<script>alert(1)</script>\r\n"

        async def keep() -> None:
            await mta.app.store.do(unprocessed.keep, time.time(), "b@bounce.example", "no report in it", content)

        mta.do(keep())
        (one,) = pages.desk.ask("unprocessed.list")
        assert pages.desk.ask("unprocessed.list", before=one["id"]) == []
        assert "no report in it" in piet.get("/returned").text
        shown = piet.get(f"/returned/{one['id']}").text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
        raw = piet.get(f"/returned/{one['id']}/raw")
        assert raw.text.encode() == content
        assert raw.headers["content-disposition"].startswith("attachment")
        assert piet.get("/returned/999").status == 422
        assert piet.post(f"/returned/{one['id']}/drop").status == 403
        assert anna.post(f"/returned/{one['id']}/drop").location == "/returned"
        assert "was gone already" in anna.get(anna.post(f"/returned/{one['id']}/drop").location).text


def test_the_first_page_and_lists_that_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows the figures of now and of the hour; its parts come alone, too, and live. A list has a way to its end."""
    monkeypatch.setattr(queue, "AT_ONCE", 2)
    monkeypatch.setattr(returned, "AT_ONCE", 2)
    with running(tmp_path) as (pages, mta):
        anna = pages.signed_in()
        pages.desk.ask("queue.hold", condition={"all": True}, by="anna", reason="night")
        number = mta.submit(*(f"p{one}@x.example" for one in range(3)))
        page = anna.get("/").text
        assert "Held by anna: everything: night" in page
        assert "The last hour" in page
        assert "held by" in anna.get("/dashboard/alarms").text.lower()
        assert "3<small>of those in the queue" in page
        assert "no whole minute yet" in anna.get("/dashboard/hour").text
        assert "None is under way" in anna.get("/dashboard/mailings").text
        assert first_event(pages, anna).count("In the queue") == 1

        async def keep() -> None:
            for at in range(3):
                await mta.app.store.do(unprocessed.keep, float(at), f"p{at}@bounce.example", "no report", b"")

        mta.do(keep())
        for path, begin, rest in (
            ("/queue/list?domain=x.example", {"p0", "p1"}, {"p2"}),
            (f"/queue/messages/{number}", {"p0", "p1"}, {"p2"}),
            ("/returned", {"p2", "p1"}, {"p0"}),
        ):
            first = anna.get(path).text.split("<main")[1]
            (way,) = re.findall(r'href="([^"]+)" rel="next"', first)
            second = anna.get(unescape(way)).text.split("<main")[1]
            assert [set(re.findall(r"<td>(p.)@", page)) for page in (first, second)] == [begin, rest]
            assert "From the beginning" in second
        assert "3 recipients" in anna.get("/queue/list").text


def first_event(pages: Pages, browser: Browser) -> str:
    """What a live page hears first."""
    with socket.create_connection(("127.0.0.1", pages.port), 10) as client:
        cookie = f"postduif_session={browser.cookies['postduif_session']}"
        lines = ("GET /dashboard/live HTTP/1.1", "Host: 127.0.0.1", "Accept: text/event-stream", f"Cookie: {cookie}")
        client.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        text = b""
        while b"\ndata:" not in text or not text.endswith(b"\n\n\r\n"):
            text += client.recv(65536)
        return text.decode()


@pytest.mark.parametrize("path", ["/queue", "/queue/list", "/sites", "/suppression", "/returned", "/webhooks"])
def test_no_mta(pages_alone: Pages, path: str) -> None:
    """Each says plainly that the MTA does not answer, and what to do."""
    answer = pages_alone.signed_in(path.replace("/", "x"), "viewer").get(path)
    assert answer.status == 503
    assert "The MTA does not answer" in answer.text
    assert "start it with <code>postduif serve</code>" in answer.text


@pytest.fixture(scope="module")
def pages_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Pages whose MTA does not run."""
    with Pages(tmp_path_factory.mktemp("alone")) as pages:
        yield pages

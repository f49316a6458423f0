"""The pages of what became of a mailing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.audience import projects, selections
from postduif.campaign.audience.connection import audience
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import State
from postduif.campaign.web.pages.shared import ASKED
from tests.campaign.web.answering import answering
from tests.campaign.web.sent import sent
from tests.web_world import Pages


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """With mailing 7, which was sent, and 8, a draft."""
    tmp_path.chmod(0o700)
    sent(tmp_path)
    with Pages(tmp_path, web='public_url = "https://news.sender.example"') as there:
        yield there


def test_every_page(pages: Pages) -> None:
    """Each is there for who may look, says so when there are no results or no mailing, and escapes what others said."""
    anna = pages.signed_in("anna", "viewer")
    for path in ("deliveries", "exclusions", "causes", "links", "bounces", "statistics", "statistics/domains"):
        page = anna.get(f"/mailings/7/{path}")
        assert page.status == 200, path
        assert "November &lt;b&gt;news&lt;/b&gt;" in page.text
        assert "<script>alert" not in page.text
        assert page.text.count("<h1") == 1
        assert "no results yet" in anna.get(f"/mailings/8/{path}").text
        assert anna.get(f"/mailings/99/{path}").status == 404


def test_deliveries(pages: Pages) -> None:
    """By state, deed, link, domain and address; what there is not is an error in a line."""
    anna = pages.signed_in("anna", "viewer")

    def who(query: str) -> list[str]:
        text = anna.get(f"/mailings/7/deliveries?{query}").text
        return [name for name in ("ann", "bob", "cleo", "dirk") if f"{name}@one.example</a>" in text]

    assert who("") == ["ann", "bob", "cleo", "dirk"]
    assert who("state=failed") == ["dirk"]
    assert who("did=opened") == ["ann", "bob"]
    assert who("did=not+opened") == ["cleo"]
    assert who("did=clicked&link=1") == ["ann"]
    assert who("did=clicked&link=2") == []
    assert who("domain=two.example") == []
    assert who("cause=mailbox_full") == ["bob"]
    assert who("address=CLEO@one.example") == ["cleo"]
    assert who("after=1") == ["cleo", "dirk"]
    assert "Perhaps it was left out" in anna.get("/mailings/7/deliveries?address=%3Cscript%3E").text
    for wrong in ("state=gone", "did=nothing", "link=2", "did=clicked&link=x", "domain=a..b"):
        assert anna.get(f"/mailings/7/deliveries?{wrong}").status == 422, wrong


def test_recipient(pages: Pages) -> None:
    """All that happened, with the words of the remote, and the way to the neighbours of the same list."""
    anna = pages.signed_in("anna", "viewer")
    page = anna.get("/mailings/7/recipients/0").text
    for words in (
        "451 come back",
        "250 Ok",
        "mx.one.example[192.0.2.1]:25",
        "Clicked link 1",
        "250\u202fms",
        "firefox",
    ):
        assert words in page, words
    assert "/mailings/7/recipients/1" in page
    assert "machine: proxy" in anna.get("/mailings/7/recipients/2").text
    filtered = anna.get("/mailings/7/recipients/1?did=opened").text
    assert "/mailings/7/recipients/0?did=opened" in filtered
    assert 'rel="next"' not in filtered
    assert "552 full" in filtered
    assert anna.get("/mailings/7/recipients/99").status == 404


def test_exported(pages: Pages) -> None:
    """The list that is shown, as CSV or JSON."""
    anna = pages.signed_in("anna", "viewer")
    table = anna.get("/mailings/7/export.csv")
    assert table.headers["content-disposition"] == 'attachment; filename="mailing-7.csv"'
    assert table.text.count("\r\n") == 6
    assert [one["address"] for one in json.loads(anna.get("/mailings/7/export.json?did=clicked").text)] == [
        "ann@one.example"
    ]
    assert anna.get("/mailings/7/export.exe").status == 404
    assert anna.get("/mailings/8/export.csv").status == 404
    assert "json did=clicked" in anna.get("/mailings/7/audit").text
    left = anna.get("/mailings/7/export.csv?excluded_for=quarantine").text.splitlines()
    assert [line.split(",")[1] for line in left] == ["address", "left@two.example"]
    assert json.loads(anna.get("/mailings/7/export.json?excluded_for=").text)[0]["cause"] == "quarantine"
    assert anna.get("/mailings/7/export.csv?excluded_for=erased").text.count("\r\n") == 1


def test_left_out(pages: Pages) -> None:
    """By cause, and whether an address is among them, in any case of its letters."""
    anna = pages.signed_in("anna", "viewer")
    for query in ("", "cause=quarantine", "address=LEFT@two.example"):
        assert "<td>left@two.example</td>" in anna.get(f"/mailings/7/exclusions?{query}").text
    assert "ann@one.example was not left out" in anna.get("/mailings/7/exclusions?address=ann@one.example").text
    assert "exclusions?address=left%40two" in anna.get("/mailings/7/deliveries?address=left@two.example").text


def test_taken(pages: Pages, tmp_path: Path) -> None:
    """Who may edit makes selections and projects of lists; a wrong name is said."""
    anna, piet = pages.signed_in("anna", "editor"), pages.signed_in("piet", "viewer")
    assert piet.post("/mailings/7/take", name="x").status == 403
    assert anna.post("/mailings/7/take", name="Readers", did="opened").location == "/mailings/7/deliveries?did=opened"
    assert "2 contacts more in the selection Readers" in anna.get("/mailings/7/deliveries").text
    anna.post("/mailings/7/take", name="Fair", kind="project", role="guest", did="not opened")
    assert anna.post("/mailings/7/take", name=" ", did="opened").status == 422
    assert anna.post("/mailings/7/take", name="Left", excluded_for="").status == 303
    with audience(tmp_path) as people:
        assert {one.name for one in selections.listed(people)} == {"Readers", "Left"}
        assert [(one.name, one.members) for one in projects.listed(people)] == [("Fair", 1)]


def test_links(pages: Pages) -> None:
    """The table, and the message in a frame where nothing runs, with the share on each link."""
    anna = pages.signed_in("anna", "viewer")
    page = anna.get("/mailings/7/links").text
    assert '<iframe class="preview" sandbox' in page
    assert "did=clicked&amp;link=1" in page
    shown = anna.get("/mailings/7/links/shown")
    assert shown.headers["content-security-policy"].startswith("sandbox;")
    assert "100.0% · 1</span>The shop" in shown.text
    assert ">0</span>B" in shown.text
    assert "data:image/png;base64,UE5H" in shown.text


def test_corrected_and_sent_again(pages: Pages, tmp_path: Path) -> None:
    """What was said; an address is corrected, and a new mailing goes to that person alone."""
    anna = pages.signed_in("anna", "editor")
    page = anna.get("/mailings/7/bounces").text
    assert "no such user" in page
    assert "There is no such address." in page
    assert anna.post("/mailings/7/bounces/again").status == 422
    wrong = anna.post("/mailings/7/bounces/correct", recipient="3", email="dirk@@x")
    assert (wrong.status, "dirk@@x" in wrong.text) == (422, True)
    assert anna.post("/mailings/7/bounces/correct", recipient="999", email="a@b.example").status == 404
    piet = pages.signed_in("piet", "viewer")
    assert piet.post("/mailings/7/bounces/correct", recipient="3", email="a@b.example").status == 403
    assert anna.post("/mailings/7/bounces/correct", recipient="3", email="dirk@two.example").status == 503
    with answering(pages.desk.config):
        taken = anna.post("/mailings/7/bounces/correct", recipient="3", email="ann@one.example")
        assert (taken.status, "is #1 already" in taken.text) == (422, True)
        done = anna.post("/mailings/7/bounces/correct", recipient="3", email="dirk@two.example")
        assert done.location == "/mailings/7/bounces?cause=#again"
    assert "The address is dirk@two.example now." in anna.get("/mailings/7/bounces").text
    assert "1 person of those above has another address now" in anna.get("/mailings/7/bounces").text
    made = anna.post("/mailings/7/bounces/again")
    assert made.location == "/mailings/9"
    with mailings(tmp_path) as connection:
        mailing = find(connection, 9)
    assert (mailing.state, mailing.draft.target.persons) == (State.DRAFT, ("#4",))
    assert mailing.draft.content.startswith('{"subject": "News"')


def test_shared(pages: Pages) -> None:
    """An address shows figures and no person to whoever has it, until it is revoked; nobody may ask without end."""
    anna, somebody = pages.signed_in("anna", "editor"), pages.browser()
    made = anna.post("/mailings/7/statistics/share", title="The <board>", days="7").text
    path = "/shared/" + made.split('id="made">')[1].split("<")[0].rpartition("/")[2]
    page = somebody.get(path)
    assert page.status == 200
    assert "Clicked of opened" in page.text
    assert "one.example" not in page.text.replace("shop.example", "")
    assert page.headers["x-robots-tag"].startswith("noindex")
    assert page.headers["cache-control"] == "no-store"
    assert "set-cookie" not in page.headers
    assert somebody.get("/shared/" + "A" * 43).status == 404
    assert anna.post("/mailings/7/statistics/share", days="6").status == 422
    id_ = anna.get("/mailings/7/statistics").text.split("/statistics/share/")[1].split("/")[0]
    assert pages.signed_in("piet", "viewer").post(f"/mailings/7/statistics/share/{id_}/revoke").status == 403
    assert anna.post(f"/mailings/7/statistics/share/{id_}/revoke").status == 303
    assert somebody.get(path).status == 404
    assert anna.get("/mailings/7/audit").text.count("<td>share.") == 2
    assert {somebody.get("/shared/x").status for _ in range(ASKED + 1)} == {404, 429}


def test_compared(pages: Pages) -> None:
    """Up to five beside one another; one without results is named, too many are refused."""
    anna = pages.signed_in("anna", "viewer")
    page = anna.get("/compare?n=7&n=8").text
    assert "Clicked of opened" in page
    assert "Mailing 8" in page
    assert anna.get("/compare?n=1&n=2&n=3&n=4&n=5&n=6").status == 422
    assert anna.get("/compare?n=99").status == 404
    assert anna.get("/compare").status == 200

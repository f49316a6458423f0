"""Requests for a copy or for erasing: seen by administrators, done by a person, written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postduif.campaign.accounts import audit
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import find
from postduif.campaign.operating.alarms import of_requests
from postduif.campaign.tracking import requests
from postduif.campaign.tracking.recorder import Recorder
from postduif.campaign.tracking.visit import Wanted, Wish
from tests.api_world import caller
from tests.campaign.tracking.readers import NOW, NUMBER, PEOPLE, mailing, on_file
from tests.fakes import FakeClock
from tests.web_world import Pages


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    """Two readers have asked, one of them twice; there is no MTA, and what it is told is taken."""
    tmp_path.chmod(0o700)
    mailing(tmp_path)
    recorder = Recorder(tmp_path, FakeClock(NOW))
    for number, kind in ((1, Wanted.EXPORT), (2, Wanted.ERASE), (2, Wanted.EXPORT), (3, Wanted.UNSUBSCRIBE)):
        recorder.ask(Wish(NOW, NUMBER, number, kind.value, "", "preferences", "<b>Ask", "192.0.2.1")).result(5)
    recorder.close()
    with Pages(tmp_path, clock=FakeClock(NOW + 40 * 86400)) as made:
        monkeypatch.setattr(made.desk, "ask", lambda do, **request: _told(do))
        yield made


def _told(do: str) -> dict[str, Any]:
    assert do == "suppress.erase"
    return {}


def trail(pages: Pages) -> list[tuple[str, str]]:
    """What was written down."""
    with pages.desk.accounts() as connection:
        return [(one.what, one.about) for one in audit.listed(connection) if one.who == "anna"]


def test_listed(pages: Pages) -> None:
    """Each with who and when; what is late says so; one page has the words and what to do."""
    anna = pages.signed_in()
    page = anna.get("/requests").text
    assert page.count("See to it") == 3
    assert PEOPLE[1] in page
    assert "late" in page
    assert requests.waiting(pages.desk.data_dir) == (3, NOW)
    (alarm,) = of_requests(pages.desk.data_dir, NOW + 60)
    assert (alarm.tone, alarm.path) == ("warn", "/requests")
    assert [one.tone for one in of_requests(pages.desk.data_dir, NOW + 40 * 86400)] == ["bad"]
    assert "&lt;b&gt;Ask" in anna.get("/requests/1").text
    assert "/contacts/2/export" in anna.get("/requests/1").text
    assert anna.get("/requests/4").status == anna.get("/requests/99").status == 404


def test_a_copy(pages: Pages) -> None:
    """When it was sent the request is done, once, and the trail says so; nobody's address is in the trail."""
    anna = pages.signed_in()
    for _ in range(2):
        assert anna.post("/requests/1/done").status == 303
    assert requests.waiting(pages.desk.data_dir).number == 2
    with on_file(pages.desk.data_dir) as connection:
        assert connection.execute("SELECT origin FROM wish WHERE id < 3").fetchall() == [("",), ("192.0.2.1",)]
    assert ("request.done", "contact 2") in trail(pages)
    assert "Done" in anna.get("/requests").text


def test_by_the_api(pages: Pages) -> None:
    """A program sees who asked what, with a cursor, makes the copy, and says that it was sent."""
    shop = caller(pages)
    waiting = shop.every("/requests?limit=2")
    assert [(one["id"], one["kind"], one["contact"]) for one in waiting] == [
        (1, "export", 2),
        (2, "erase", 3),
        (3, "export", 3),
    ]
    assert (waiting[0]["email"], waiting[0]["origin"], waiting[0]["recipient"]) == (PEOPLE[1], "192.0.2.1", 1)
    copy = shop.get("/contacts/2/copy").json
    assert (copy["email"], copy["sources"][0]["kind"], copy["suppression"]) == (PEOPLE[1], "hand", [])
    shown = shop.post("/requests/1/actions/done").json
    assert (shown["done_at"][:4], shown["origin"]) == (shown["until"][:4], "")
    assert [one["id"] for one in shop.every("/requests?state=done")] == [1]
    assert shop.get("/requests/4").code == shop.post("/requests/99/actions/done").code == "not_found"
    with pages.desk.accounts() as connection:
        told = [(one.what, one.about) for one in audit.listed(connection)][:2]
    assert told == [("request.done", "contact 2"), ("contact.exported", "contact 2")]


@pytest.mark.parametrize("path", ["/requests/2/erase", "/contacts/3/erase"])
def test_erased(pages: Pages, path: str) -> None:
    """By either door the person is gone, all that they asked for is done, and where they came from is forgotten."""
    anna = pages.signed_in()
    assert anna.post(path, reason="asked").status == 303
    with audience(pages.desk.data_dir) as connection:
        assert find(connection, PEOPLE[2]) is None
    assert requests.waiting(pages.desk.data_dir).number == 1
    with on_file(pages.desk.data_dir) as connection:
        assert connection.execute("SELECT id, origin FROM wish WHERE number = 2").fetchall() == [(2, ""), (3, "")]
    assert ("contact.erased", "contact 3") in trail(pages)
    assert "recipient 2" in anna.get("/requests").text


@pytest.mark.parametrize("role", ["viewer", "editor", "sender"])
def test_who_may_not(pages: Pages, role: str) -> None:
    """Requests are for administrators."""
    other = pages.signed_in("bob", role)
    asked = [other.get("/requests"), other.get("/requests/1")]
    asked += [other.post("/requests/2/erase"), other.post("/requests/1/done")]
    assert {one.status for one in asked} == {403}
    assert requests.waiting(pages.desk.data_dir).number == 3


def test_nobody_waits(tmp_path: Path) -> None:
    """An empty list says what will stand there."""
    with Pages(tmp_path) as pages:
        assert "Nobody waits." in pages.signed_in().get("/requests").text
        assert list(of_requests(tmp_path, NOW)) == []

"""Projects, types of mail and attributes."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.audience import attributes, projects, subscriptions
from postduif.campaign.audience.connection import audience
from tests.campaign.web.audience_world import EVIL, with_people
from tests.web_world import Browser, Pages


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """Served, with some people."""
    with Pages(tmp_path) as pages:
        with_people(pages)
        yield pages


@pytest.fixture
def anna(pages: Pages) -> Browser:
    """Who may edit."""
    return pages.signed_in("anna", "editor")


def test_projects_and_roles(pages: Pages, anna: Browser) -> None:
    """People get in with a role, get another one, and out; whom nobody knows is named."""
    assert "No projects yet" in anna.get("/projects").text
    made = anna.post("/projects", name=f"Open day {EVIL}", note="at the works")
    assert made.status == 303
    assert anna.post("/projects", name=f"Open day {EVIL}").status == 422
    anna.post(f"{made.location}/members", people="#1\np1@example.com", role="speaker")
    anna.post(f"{made.location}/members", people="#1", role="guest")
    page = anna.get(made.location).text
    assert "speaker" in page
    assert "guest" in page
    assert EVIL not in page
    wrong = anna.post(f"{made.location}/members", people="x@example.com", role="cook")
    assert wrong.status == 422
    assert 'value="cook"' in wrong.text
    anna.post(f"{made.location}/members", people="#1", do="remove")
    with audience(pages.desk.data_dir) as connection:
        assert [one.members for one in projects.listed(connection)] == [1]
    assert "speaker" in anna.get("/contacts/2").text
    assert pages.signed_in("vera", "viewer").post(f"{made.location}/delete").status == 403
    assert anna.post(f"{made.location}/delete").location == "/projects"
    assert anna.get(made.location).status == 404
    for deed in ("members", "about", "delete"):
        assert anna.post(f"{made.location}/{deed}", name="Fair", people="#1").status == 404


def test_types_of_mail(pages: Pages, anna: Browser) -> None:
    """Made with a name that stays, changed in all else, deleted; the proofs stay."""
    assert anna.post("/mail-types", name="two words").status == 422
    assert anna.post("/mail-types", name="NEWS").status == 422
    assert anna.post("/mail-types", name="tips", title=EVIL, confirm="true", offered="true").status == 303
    page = anna.get("/mail-types").text
    assert "confirmed by a link<" in page
    assert EVIL not in page
    anna.post("/contacts/2/subscribe", type="tips", wording="card")
    assert "1 confirmed" in anna.get("/mail-types/tips").text
    assert anna.post("/mail-types/tips", title="Tips", everybody="true").status == 303
    with audience(pages.desk.data_dir) as connection:
        tips = subscriptions.type_named(connection, "tips")
    assert (tips.title, tips.everybody, tips.confirm, tips.offered) == ("Tips", True, False, False)
    assert "not on the preference page" in anna.get("/mail-types").text
    seen = html.unescape(anna.get("/mail-types/tips").text.split('name="seen" value="')[1].split('"')[0])
    assert anna.post("/mail-types/tips", title="Hints", everybody="true", seen=seen).status == 303
    late = anna.post("/mail-types/tips", title="Tricks", seen=seen)
    assert late.status == 409
    assert "It is now: Hints" in late.text
    assert 'value="Tricks"' in late.text
    assert pages.signed_in("vera", "viewer").post("/mail-types/tips/delete").status == 403
    assert anna.post("/mail-types/tips/delete").status == 303
    assert anna.get("/mail-types/tips").status == 404
    assert "card" in anna.get("/contacts/2").text


def test_attributes_and_child_records(pages: Pages, anna: Browser) -> None:
    """Declared by label, with how many have one; removed by an administrator, who sees first what goes."""
    root = pages.signed_in("root", "administrator")
    assert anna.post("/attributes", label="Shoe size", kind="number").status == 303
    assert anna.post("/attributes", label="Shoe Size", kind="text").status == 422
    assert anna.post("/attributes", label="?", kind="text").status == 422
    assert anna.post("/attributes", label="Email", kind="text").status == 422
    assert anna.post("/attributes", label="X", kind="colour").status == 422
    assert anna.post("/attributes/records", name="orders", key="number", kind="number").status == 303
    assert anna.post("/attributes/records", name="orders").status == 422
    assert anna.post("/attributes", label=EVIL, kind="text", of="orders").status == 303
    page = anna.get("/attributes").text
    assert "shoe_size" in page
    assert "orders.number" in page
    assert EVIL not in page
    assert "100.0% of people" in page
    assert anna.get("/attributes/remove?name=age").status == 403
    assert "3 values" in root.get("/attributes/remove?name=age").text
    assert root.get("/attributes/remove?name=none").status == 422
    assert anna.post("/attributes/remove", name="age").status == 403
    assert root.post("/attributes/remove", name="number", of="orders").status == 422
    assert root.post("/attributes/remove", name="age").status == 303
    with audience(pages.desk.data_dir) as connection:
        assert "age" not in attributes.declared(connection)
    assert "cannot be asked" in anna.get("/selections").text


LONG = "n" * 2001
TOO_LONG = [
    ("/projects", {"name": "fair", "note": LONG}, "Note: 2,001 characters are too many. Shorten it to 1,000."),
    ("/selections/plain", {"name": "fair", "note": LONG}, "Note: 2,001 characters are too many. Shorten it to 1,000."),
    (
        "/selections/new",
        {"do": "store", "mode": "text", "text": "age > 5", "name": "fair", "note": LONG},
        "Note: 2,001",
    ),
    ("/mail-types", {"name": "fair", "description": LONG}, "Description: 2,001 characters"),
    ("/attributes", {"label": LONG, "kind": "text"}, "Label: 2,001 characters"),
    ("/contacts/2/email", {"email": LONG}, "E-mail: 2,001 characters"),
    ("/people", {"name": "piet", "title": LONG, "role": "viewer"}, "Name as others see it: 2,001 characters"),
]


def test_too_long(pages: Pages) -> None:
    """The page itself says which field and how long it may be, with all that was typed; no words are pydantic's."""
    root = pages.signed_in("root", "administrator")
    for path, fields, words in TOO_LONG:
        answer = root.post(path, fields)
        assert (path, answer.status, words in answer.text) == (path, 422, True)
        assert [name for name in ("name", "note", "email") if fields.get(name, "") not in answer.text] == []
    plain = root.post("/mail-types/news", title=LONG)
    assert (plain.status, "title has more than 200 characters; shorten it." in plain.text) == (422, True)
    form = root.post("/forms/new", name="fair", use_en="1", first="en", intro_en=LONG * 3)
    assert (form.status, "intro has more than 5,000 characters; shorten it" in form.text) == (422, True)
    whole = root.post("/projects", name="fair", note="n" * 1_100_000)
    assert (whole.status, "shorten a field, or upload a file" in whole.text) == (400, True)

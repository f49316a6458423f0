"""The rooms of selections: made by a condition or one by one, looked at, changed and deleted."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.audience import selections, uploads
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.counting import size
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.audience.import_choices import Choices
from postduif.campaign.mailings import editing, listing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft
from tests.campaign.web.audience_world import EVIL, with_people
from tests.web_world import Browser, Pages

ROWS = {
    "join": "all",
    "join:0": "any",
    "field:0:0": "city",
    "sign:0:0": "=",
    "value:0:0": "Gent",
    "field:0:1": "vip",
    "sign:0:1": "yes",
    "value:0:1": "",
    "join:1": "all",
    "field:1:0": "age",
    "sign:1:0": ">=",
    "value:1:0": "21",
}
TEXT = '(city = "Gent" or vip) and age >= 21'


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


def named(pages: Pages, name: str) -> selections.Selection:
    """As it is on file."""
    with audience(pages.desk.data_dir) as connection:
        return selections.named(connection, name)


def count(pages: Pages, name: str) -> int:
    """How many are in it."""
    with audience(pages.desk.data_dir) as connection:
        return size(connection, selections.named(connection, name), pages.desk.data_dir, pages.desk.clock.time())


def test_rows_become_a_condition_without_scripts(pages: Pages, anna: Browser) -> None:
    """Each button brings the form back with a row more or less, what was filled in, and how many it means."""
    start = anna.get("/selections/new").text
    assert start.count('name="field:') == 1
    more = anna.post("/selections/new", ROWS, name="Old", do="row:1").text
    assert more.count('name="field:') == 4
    assert 'value="Gent"' in more
    assert 'value="Old"' in more
    assert anna.post("/selections/new", ROWS, do="drop:0:1").text.count('name="field:') == 2
    assert anna.post("/selections/new", ROWS, do="group").text.count('class="rule-group"') == 3
    looked = anna.post("/selections/new", ROWS, do="look").text
    assert "2 people" in looked
    assert "of 3 contacts" in looked
    assert "p1@example.com" in looked
    text = anna.post("/selections/new", ROWS, do="text").text
    assert "(city = &#34;Gent&#34; or vip) and age &gt;= 21" in text
    assert anna.post("/selections/new", mode="text", text=TEXT, do="rows").text.count('name="field:') == 3
    rich = anna.post("/selections/new", mode="text", text="month(born) = 1", do="rows")
    assert rich.status == 422
    assert "stays a text" in rich.text


def test_a_selection_is_made_and_changed(pages: Pages, anna: Browser) -> None:
    """Stored as the text that the rows say; the form of one that is there has its rows again."""
    made = anna.post("/selections/new", ROWS, name="Gent <b>", do="store")
    assert made.status == 303
    assert named(pages, "Gent <b>").condition == TEXT
    page = anna.get(made.location).text
    assert "2 people" in page
    assert "Gent &lt;b&gt;" in page
    edit = anna.get(f"{made.location}/edit").text
    assert edit.count('name="field:') == 3
    assert anna.post(f"{made.location}/edit", mode="text", text="age = 20", do="store").status == 303
    assert named(pages, "Gent <b>").condition == "age = 20"
    late = anna.post(f"{made.location}/edit", mode="text", text="age = 21", do="store", seen="1.0")
    assert late.status == 422
    assert "it says: age = 20" in late.text
    assert anna.post(f"{made.location}/edit", mode="text", text="age < 5" + " " * 20_000, do="store").status == 422
    assert named(pages, "Gent <b>").condition == "age = 20"


def test_what_cannot_be_is_said_with_what_was_typed(pages: Pages, anna: Browser) -> None:
    """A name that is taken, a value of the wrong kind, an empty form, half a condition: 422, and nothing is lost."""
    for fields, said in (
        (ROWS | {"name": "Fair"}, "already"),
        (ROWS | {"name": "X", "value:1:0": "old"}, "is a number"),
        ({"name": "X"}, "Fill in a row"),
        ({"name": "X", "mode": "text", "text": 'city = "G'}, "close the quotes"),
        ({"name": "X", "mode": "text", "text": 'citi = "G"'}, "did you mean"),
    ):
        answer = anna.post("/selections/new", fields, do="store")
        assert answer.status == 422, said
        assert said in answer.text
    assert "citi = &#34;G&#34;" in answer.text


def test_a_script_gets_parts(pages: Pages, anna: Browser) -> None:
    """Live: only what it means while somebody types, and the whole form for a button."""
    with_script = {"HX-Request": "true", "X-CSRF-Token": anna.csrf, "Content-Type": "application/x-www-form-urlencoded"}
    quick = anna.ask("POST", "/selections/new", b"mode=text&text=age+%3E+20", with_script).text
    assert "2 people" in quick
    assert "<form" not in quick
    form = anna.ask("POST", "/selections/new", b"mode=text&text=age+%3E+20&do=rows", with_script).text
    assert 'id="builder"' in form
    assert "<html" not in form
    wrong = anna.ask("POST", "/selections/new", b"mode=text&text=age+%3E", with_script).text
    assert "here should be a value" in wrong


def test_members_are_put_in_and_taken_out(pages: Pages, anna: Browser) -> None:
    """By address or #ID; one whom nobody knows, and nothing is changed."""
    fair = f"/selections/{named(pages, 'Fair').id}"
    assert "p2@example.com" not in anna.get(fair).text
    wrong = anna.post(f"{fair}/members", people=f"p2@example.com\n{EVIL}")
    assert wrong.status == 422
    assert "Nobody is known as &lt;script&gt;" in wrong.text
    assert count(pages, "Fair") == 2
    assert anna.post(f"{fair}/members", people="p2@example.com\n#1").status == 303
    assert count(pages, "Fair") == 3
    anna.post(f"{fair}/members", people="#1, P2@example.com", do="remove")
    assert count(pages, "Fair") == 1
    dynamic = f"/selections/{named(pages, 'Adults').id}"
    assert anna.post(f"{dynamic}/members", people="#1").status == 422


def test_one_by_one_and_lists_of_addresses(pages: Pages, anna: Browser) -> None:
    """Both are made with who is in them; a list takes addresses of strangers, and nothing that is none."""
    assert "Who" in anna.get("/selections/plain").text
    anna.post("/selections/plain", kind="static", name="Two", people="#1\n#2")
    assert count(pages, "Two") == 2
    made = anna.post("/selections/plain", kind="addresses", name="Rivals", people="eve@rival.example")
    assert "eve@rival.example" in anna.get(made.location).text
    assert "eve@rival.example" not in anna.get(f"{made.location}?behind=eve@rival.example").text
    assert anna.get(f"{made.location}?behind=nobody").status == 422
    assert anna.post("/selections/plain", kind="addresses", name="Bad", people="eve@").status == 422
    assert anna.post("/selections/plain", kind="static", name="").status == 422
    listed = anna.get("/selections").text
    assert all(name in listed for name in ("Two", "Rivals", "Fair", "Adults"))
    assert "Bad" not in listed


def test_people_are_taken_out_as_a_file(pages: Pages, anna: Browser) -> None:
    """Those that are looked for, in a selection, on a list, in a project with the role; no formula; not by viewers."""
    heading = "email,name,language,City,Age,Born,Vip,Tags"
    found = anna.get("/contacts/export.csv?q=P1%40&where=age+%3E+20")
    assert found.text.splitlines() == [heading, "p1@example.com,Person 1,,Gent,21,,,"]
    assert 'filename="contacts.csv"' in found.headers["content-disposition"]
    assert anna.get("/contacts/export.csv?where=agee+%3D+1").status == 422
    assert len(anna.get("/contacts/export.csv").text.splitlines()) == 4
    adults = f"/selections/{named(pages, 'Adults').id}"
    assert f'href="{adults}/export.csv"' in anna.get(adults).text
    assert anna.get(f"{adults}/export.csv").text.splitlines() == [heading, "p1@example.com,Person 1,,Gent,21,,,"]
    rivals = anna.post("/selections/plain", kind="addresses", name="Rivals", people="-x@rival.example").location
    assert anna.get(f"{rivals}/export.csv").text == "email\r\n'-x@rival.example\r\n"
    fair = anna.post("/projects", name="Open day").location
    anna.post(f"{fair}/members", people="#1", role="=host")
    assert anna.get(f"{fair}/export.csv").text.splitlines()[0] == f"{heading},role in Open day"
    assert anna.get(f"{fair}/export.csv").text.splitlines()[1].endswith(",Gent,20,,,,'=host")
    vera = pages.signed_in("vera", "viewer")
    for path in ("/contacts/export.csv", f"{adults}/export.csv", f"{fair}/export.csv"):
        assert vera.get(path).status == 403
        assert "export.csv" not in vera.get(path.removesuffix("/export.csv")).text


def test_a_selection_that_is_needed_stays(pages: Pages, anna: Browser) -> None:
    """One that another speaks of, or that a planned mailing goes to, is not deleted, and the page says why."""
    fair = f"/selections/{named(pages, 'Fair').id}"
    wrong = anna.post(f"{fair}/delete")
    assert wrong.status == 422
    assert "needs" in wrong.text
    adults = f"/selections/{named(pages, 'Adults').id}"
    with mailings(pages.desk.data_dir) as connection:
        draft = Draft("Letter", target=Spec(selections=("Adults",)))
        editing.create(connection, draft, ("default",), By("anna", 1.0))
    assert "Letter" in anna.get(adults).text
    assert anna.post(f"{adults}/delete").location == "/selections"
    assert anna.post(f"{fair}/delete").status == 303
    assert anna.get(fair).status == 404
    assert anna.post(f"{fair}/delete").status == 404


def test_another_name_goes_wherever_it_is_named(pages: Pages, anna: Browser) -> None:
    """Conditions, targets and the choices of a file that waits; who has a draft open is told."""
    now, by = pages.desk.clock.time(), By("anna", 1.0)
    project = anna.post("/projects", name="Day").location
    target = Spec(
        selections=("fair", "Adults"),
        projects=("Day", "Day/guest"),
        exclude_selections=("Fair",),
        condition='not "Fair" in selections and "day" in projects',
    )
    with mailings(pages.desk.data_dir) as connection:
        draft = editing.create(connection, Draft("Letter", target=target), ("default",), by)
    choices = Choices(selection="Fair", project="Day")
    uploads.keep(pages.desk.data_dir, "a.csv", io.BytesIO(b"email\n"), "anna", now, choices)
    fair = f"/selections/{named(pages, 'Fair').id}"
    taken = anna.post(f"{fair}/about", name="adults", note="typed")
    assert taken.status == 422
    assert 'value="typed"' in taken.text
    assert anna.post(f"{fair}/about", name=" The  Fair", note="in May").location == fair
    assert anna.post(f"{project}/about", name="Open day").location == project
    assert named(pages, "Adults").condition == 'age >= 21 and "The Fair" in selections'
    assert named(pages, "The Fair").note == "in May"
    assert count(pages, "Adults") == 1
    with mailings(pages.desk.data_dir) as connection:
        there = listing.find(connection, draft.number)
        assert [one.words for one in listing.log(connection, draft.number)][1:] == [
            "Fair is called The Fair",
            "Day is called Open day",
        ]
    assert there.draft.target == target._replace(
        selections=("The Fair", "Adults"),
        projects=("Open day", "Open day/guest"),
        exclude_selections=("The Fair",),
        condition='not "The Fair" in selections and "Open day" in projects',
    )
    assert there.revision == draft.revision + 2
    (waiting,) = uploads.waiting(pages.desk.data_dir)
    assert (waiting.choices.selection, waiting.choices.project) == ("The Fair", "Open day")


def test_who_may_look_only(pages: Pages) -> None:
    """A viewer sees the lists and changes nothing."""
    vera = pages.signed_in("vera", "viewer")
    assert "New by a condition" not in vera.get("/selections").text
    assert vera.get(f"/selections/{named(pages, 'Fair').id}").status == 200
    assert vera.get(f"/selections/{named(pages, 'Fair').id}/size").text.strip() == "2"
    assert vera.get("/selections/new").status == 403
    for path in ("new", "plain", "1/edit", "1/members", "1/about", "1/delete"):
        assert vera.post(f"/selections/{path}").status == 403, path

"""The room of forms: made and changed by editors, seen as readers see them, with what was answered."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.database import transaction
from postduif.campaign.forms import answers, store
from postduif.campaign.forms.answers import New
from postduif.campaign.forms.connection import forms
from postduif.campaign.forms.counting import add
from postduif.campaign.forms.form import Asked
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft
from postduif.campaign.web import form_csv
from tests.api_world import caller
from tests.campaign.forms.made import NEWSLETTER, SURVEY, put
from tests.campaign.tracking.readers import people_and_types
from tests.web_world import Pages

WEB = 'public_url = "https://news.sender.example"\npublic_address = "127.0.0.1:0"'
SHOP = "https://shop.example"
GOOD: dict[str, str | list[str]] = {
    "name": "Club", "type_offers": "true", "public": "yes", "sender": "news@sender.example", "use_nl": "true",
    "use_en": "true", "first": "nl", "title_nl": "De club", "consent_en": "I <b>agree", "ask_age": "needed",
    "ask_likes": "asked",
    "choices_likes": "bread; cake;", "label_nl_age": "Leeftijd", "origins": f"{SHOP}\n",
}  # fmt: skip


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """With one form, and attributes and types to ask for."""
    tmp_path.chmod(0o700)
    people_and_types(tmp_path)
    put(tmp_path, NEWSLETTER)
    with Pages(tmp_path, web=WEB) as made:
        yield made


def stored(pages: Pages, name: str) -> store.Stored:
    """As it is on file."""
    with forms(pages.desk.data_dir) as connection:
        return store.find(connection, name)


def test_made(pages: Pages) -> None:
    """What is posted is the form; its page shows it again; the preview cannot run; the HTML sends to its address."""
    anna = pages.signed_in("anna", "sender")
    assert anna.get("/forms/new").status == 200
    made = anna.post("/forms/new", GOOD)
    assert made.location == "/forms/club"
    form = stored(pages, "club").form
    assert list(form.texts) == ["nl", "en"]
    assert form.fields == (Asked("age", True, {"nl": "Leeftijd"}), Asked("likes", choices=("bread", "cake")))
    assert (form.types, form.origins, form.public) == (("offers",), (SHOP,), True)
    page = anna.get("/forms/club").text
    for said in ("De club", "Leeftijd", "bread; cake", "I &lt;b&gt;agree", SHOP, "{{ form_url }}/club"):
        assert said in page
    assert "action=&#34;https://news.sender.example/f/club&#34;" in page
    shown = anna.get("/forms/club/preview?language=en")
    assert shown.headers["content-security-policy"].startswith("sandbox;")
    assert "I &lt;b&gt;agree" in shown.text
    assert "<style>" in shown.text


def test_an_editor_sends_nothing_by_a_form(pages: Pages) -> None:
    """One for everybody mails whom they type in: making, changing and opening take who may send; closing does not."""
    editor = pages.signed_in("ed", "editor")
    refused = editor.post("/forms/new", GOOD)
    assert (refused.status, "De club" in refused.text, "sender or administrator" in refused.text) == (403, True, True)
    assert editor.post("/forms/new", GOOD | {"public": "no"}).location == "/forms/club"
    changed: dict[str, str | list[str]] = {"type_news": "true", "sender": "news@sender.example", "seen": "1"}
    changed |= {"use_en": "true", "mail_en": "Buy this: {link}"}
    assert editor.post("/forms/newsletter", changed | {"public": "yes"}).status == 403
    assert editor.post("/forms/newsletter/close", closed="yes").status == 303
    assert editor.post("/forms/newsletter/close", closed="no").status == 403
    assert (stored(pages, "newsletter").version, stored(pages, "newsletter").closed) == (1, True)
    assert pages.signed_in("ben", "sender").post("/forms/newsletter/close", closed="no").status == 303


def test_changed(pages: Pages) -> None:
    """The page posted as it was changes nothing; another word is a new version; nobody's is undone unseen."""
    anna = pages.signed_in("anna", "sender")
    anna.post("/forms/new", GOOD)
    again = {name: value for name, value in GOOD.items() if name != "name"} | {"seen": "1"}
    anna.post("/forms/club", again)
    assert stored(pages, "club").version == 1
    assert anna.post("/forms/club", again, title_nl="Club").status == 303
    assert (stored(pages, "club").version, stored(pages, "club").who) == (2, "anna")
    late = anna.post("/forms/club", again, title_nl="Kept as typed")
    assert late.status == 422
    assert "meanwhile" in late.text
    assert "Kept as typed" in late.text
    anna.post("/forms/club/close", closed="yes")
    assert "Take answers again" in anna.get("/forms/club").text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"sender": "me"}, "sender of yours"), ({"name": "a b"}, "name of a form"), ({"redirect": "x"}, "https")],
)
def test_what_cannot_be(pages: Pages, wrong: dict[str, str], says: str) -> None:
    """Is said in one line, and what was typed is kept."""
    found = pages.signed_in("anna", "sender").post("/forms/new", GOOD | wrong)
    assert found.status == 422
    assert says in found.text
    assert "De club" in found.text


def test_answers(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand in the list and in the export, where no cell is a formula and nothing is markup."""
    with forms(pages.desk.data_dir) as connection:
        for number in range(60):
            email = f"p{number}@one.example"
            values = {"name": "=1+<i>", "age": str(number)}
            answers.sign_up(connection, New("newsletter", 1, 9.0, "en", email, email, ("offers",), values, ""))
        with transaction(connection):
            connection.execute("UPDATE answer SET confirmed = 10 WHERE id <= 15")
            add(connection, "newsletter", 1, "confirmed", 15)
            add(connection, "newsletter", 1, "seen", 122)
        answers.respond(connection, New("newsletter", 1, 9.0, "en", "", "", (), {}, ""), 7, 2, seed=False)
    anna = pages.signed_in("anna", "viewer")
    page = anna.get("/forms/newsletter/answers").text
    assert "&lt;i&gt;" in page
    assert "25.0% of signed up" in page
    assert "50.0% of seen" in page
    assert page.count("waits for the link") == 45  # of the 49 newest
    assert 'href="/mailings/7/recipients/2"' in page
    (after,) = re.findall(r'href="([^"]*before=\d+)" rel="next"', page)
    assert anna.get(after).text.count("one.example") == 11
    monkeypatch.setattr(form_csv, "TOGETHER", 7)
    rows = list(csv.DictReader(io.StringIO(anna.get("/forms/newsletter/answers.csv").text)))
    assert (len(rows), rows[-1]["name"], rows[-1]["state"]) == (61, "'=1+<i>", "confirmed")


def test_who_may(pages: Pages) -> None:
    """A viewer looks and changes nothing; a form that is not there is 404."""
    viewer = pages.signed_in("bob", "viewer")
    assert "newsletter" in viewer.get("/forms").text
    assert viewer.get("/forms/newsletter").status == 200
    posts = [
        viewer.post("/forms/new", GOOD),
        viewer.post("/forms/newsletter", GOOD),
        viewer.post("/forms/newsletter/close"),
    ]
    assert {one.status for one in [viewer.get("/forms/new"), *posts]} == {403}
    paths = ("/forms/no", "/forms/no/preview", "/forms/no/answers", "/forms/no/answers.csv")
    assert {viewer.get(path).status for path in paths} == {404}


def test_a_mailing_to_who_filled_it_in(tmp_path: Path) -> None:
    """Who may not send gives a form none, and edits none that a form has; where two agree on what is sent, nobody."""
    tmp_path.chmod(0o700)
    people_and_types(tmp_path)
    put(tmp_path, SURVEY)
    with mailings(tmp_path) as connection:
        made = [
            editing.create(connection, Draft(name), ("default",), By("anna", 1.0), template=name == "Thanks")
            for name in ("Thanks", "News")
        ]
    fields: dict[str, str | list[str]] = {"seen": "1", "public": "no", "ask_age": "asked", "use_en": "true"}
    with Pages(tmp_path, web=WEB) as pages:
        edith, simon = pages.signed_in("edith", "editor"), pages.signed_in("simon", "sender")
        assert edith.post("/forms/survey", fields, response="1").status == 403
        assert "no template" in simon.post("/forms/survey", fields, response="2").text
        assert simon.post("/forms/survey", fields, response="1").status == 303
        assert "tag=form%20survey" in simon.get("/forms/survey").text
        setup = {"name": "Other", "seen": str(made[0].revision), "stream": "default"}
        assert "gets it" in edith.get("/mailings/1/edit/setup").text
        assert edith.post("/mailings/1/edit/setup", setup).status == 403
        assert edith.post("/forms/survey", fields | {"seen": "2"}, response="1", title_en="How?").status == 303
    with Pages(tmp_path, web=f"{WEB}\napproval = true") as pages:
        answer = pages.signed_in("tom", "sender").post("/forms/survey", fields | {"seen": "3"}, response="9")
    assert (answer.status, "second person" in answer.text) == (403, True)


def test_by_the_api(pages: Pages) -> None:
    """Made, read, changed as it was seen, closed; an application signs people up, who get the same mail."""
    shop, editor = caller(pages), caller(pages, "look", "edit", name="ed")
    given = {"name": "club", "sender": "news@sender.example", "types": ["offers"], "fields": [{"name": "age"}]}
    assert editor.post("/forms", given).code == "not_allowed"
    assert shop.post("/forms", given | {"sender": "me"}).code == "invalid"
    made = shop.post("/forms", given)
    assert (made.status, made.headers["location"], made.json["version"]) == (201, "/api/v1/forms/club", 1)
    given = {name: value for name, value in given.items() if name != "name"}
    changed = shop.put("/forms/club", given | {"redirect": SHOP}, If_Match=made.headers["etag"])
    assert (changed.json["version"], changed.json["texts"]["en"]["title"]) == (2, "")
    assert shop.put("/forms/club", given, If_Match=made.headers["etag"]).code == "changed"
    assert [one["name"] for one in shop.every("/forms?limit=1")] == ["club", "newsletter"]
    wrong = shop.post("/forms/club/answers", {"email": "no", "values": {"age": "old", "size": "9"}})
    assert {one["field"] for one in wrong.json["errors"]} == {"email", "age", "size"}
    assert editor.post("/forms/club/answers", {"email": "jo@one.example"}).code == "scope_missing"
    for _ in range(3):
        asked = shop.post("/forms/club/answers", {"email": "Jo@one.example", "values": {"age": "7"}, "origin": "x"})
        assert (asked.status, asked.json) == (202, {"email": "Jo@one.example"})
    assert shop.post("/forms/club/answers", {"email": "jo+1@one.example"}).code == "not_now"
    found = list(shop.every("/forms/club/answers?limit=2"))
    assert [(one["values"], one["state"], one["types"]) for one in found] == [
        ({"age": "7"}, "waits for the link", ["offers"])
    ] * 3
    again = f"/forms/club/answers/{found[0]['id']}/mail"
    assert (shop.post(again).status, shop.post(again.replace("club", "newsletter")).code) == (202, "not_found")
    assert editor.post(again).code == "scope_missing"
    with forms(pages.desk.data_dir) as connection:
        connection.execute("UPDATE answer SET mailed = 1")
    assert shop.post(again).code == "not_now", "it is one more mail to that mailbox"
    assert shop.get("/forms/club").json["asked"] == 3
    assert shop.put("/forms/club/closed", {"closed": True}).json == {"closed": True}
    assert shop.post("/forms/club/answers", {"email": "b@one.example"}).code == "not_now"
    assert shop.get("/forms/gone").code == shop.get("/forms/gone/answers").code == "not_found"


def test_none(tmp_path: Path) -> None:
    """Without forms the page says what one needs, and without public_url that nobody sees them."""
    with Pages(tmp_path) as pages:
        page = pages.signed_in().get("/forms").text
    assert "No form yet" in page
    assert "public_url" in page

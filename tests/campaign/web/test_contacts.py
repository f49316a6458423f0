"""The rooms of contacts: found, shown, changed, exported and erased."""

from __future__ import annotations

import contextlib
import html
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.bounce.address_state import Cause
from postduif.campaign.accounts import audit
from postduif.campaign.audience import contacts
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.forms import answers
from postduif.campaign.forms.answers import MAILS, New
from postduif.campaign.forms.confirmation import LASTS
from postduif.campaign.forms.connection import forms
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft
from postduif.mta.control import ask
from postduif.queue.mailing_file import Excluded, Target
from tests.campaign.results import made
from tests.campaign.web.answering import answering
from tests.campaign.web.audience_world import EVIL, with_people
from tests.web_world import Pages


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """Served, with nobody in them."""
    with Pages(tmp_path) as pages:
        yield pages


def refusals(pages: Pages, address: str, type_: str = "") -> dict[str, Cause]:
    """What the suppression list says of that address."""
    with suppression_link(pages.desk.data_dir) as link:
        return link.refusals([address], type_, pages.desk.clock.time())


def test_people_are_found_and_listed_by_slices(pages: Pages) -> None:
    """By a piece of the address, by a condition, page after page; what nobody has says so; names are escaped."""
    anna = pages.signed_in("anna", "viewer")
    assert "Nobody yet" in anna.get("/contacts").text
    with_people(pages, 60)
    first = anna.get("/contacts").text
    assert "60 people" in first.replace("\u202f", " ")
    assert first.count('href="/contacts/') > 50
    assert "p0@example.com" not in first
    second = anna.get("/contacts?before=11").text
    assert "p0@example.com" in second
    assert EVIL not in second
    assert "&lt;script&gt;" in second
    assert "p7@example.com" in anna.get("/contacts?q=P7%40").text
    found = anna.get("/contacts?q=example&where=age+%3C+22").text
    assert "p1@example.com" in found
    assert "2 of them found" in found
    wrong = anna.get("/contacts?where=agee+%3D+1")
    assert wrong.status == 422
    assert "did you mean" in wrong.text
    assert "agee = 1" in wrong.text


def test_the_link_is_sent_again(pages: Pages) -> None:
    """Of a sign-up by a form that was not confirmed, while its link holds; by senders, bounded, and in the trail."""
    number, other = with_people(pages)[:2]
    now = pages.desk.clock.time()
    new = New("fair", 1, now, "en", "p0@example.com", "p0@example.com", ("news",), {}, "")
    with forms(pages.desk.data_dir) as connection:
        answers.sign_up(connection, new)
        answers.sign_up(connection, new._replace(at=now - LASTS - 9))
        connection.execute("UPDATE answer SET mailed = at")
    anna = pages.signed_in("anna", "sender")
    editor = pages.signed_in("edith", "editor")
    assert anna.get(f"/contacts/{number}").text.count("Send the link again") == 1
    assert "Send the link again" not in editor.get(f"/contacts/{number}").text + anna.get(f"/contacts/{other}").text
    assert editor.post(f"/contacts/{number}/again", answer="1").status == 403
    for whose, which in ((other, "1"), (number, "2"), (number, "9")):
        assert "does not wait" in anna.post(f"/contacts/{whose}/again", answer=which).text
    for _ in range(MAILS - 1):
        assert anna.post(f"/contacts/{number}/again", answer="1").status == 303
        assert "goes to them now" in anna.get(f"/contacts/{number}").text
        with forms(pages.desk.data_dir) as connection:
            answers.mailed(connection, answers.waiting(connection, "p0@example.com", now)[0], now)
    late = anna.post(f"/contacts/{number}/again", answer="1")
    assert (late.status, "3 mails in a day" in late.text) == (422, True)
    with pages.desk.accounts() as connection:
        (first, *_) = audit.listed(connection, about=f"contact {number}")
    assert (first.what, first.words) == ("contact.asked_again", "form fair")


def test_somebody_is_added_by_hand(pages: Pages) -> None:
    """With attributes; an address that is none comes back with what was typed; one that is known leads there."""
    with_people(pages)
    anna = pages.signed_in("anna", "editor")
    assert anna.get("/contacts/new").status == 200
    wrong = anna.post("/contacts/new", email="bob", a_name="Bob", a_age="30")
    assert wrong.status == 422
    assert 'value="Bob"' in wrong.text
    assert "no number" in anna.post("/contacts/new", email="bob@example.com", a_age="old").text
    made = anna.post("/contacts/new", email="Bob@Example.com", a_name="Bob", a_vip="yes")
    assert made.status == 303
    assert "Bob" in anna.get(made.location).text
    again = anna.post("/contacts/new", email="bob@example.com", a_name="Other")
    assert again.location == made.location
    assert "Other" not in anna.get(made.location).text
    assert pages.signed_in("vera", "viewer").post("/contacts/new", email="x@example.com").status == 403


def test_a_person_is_changed_and_the_change_is_noted(pages: Pages) -> None:
    """Only what is another is stored; a form that was overtaken is not; the trail has names and no values."""
    first = with_people(pages)[1]
    anna = pages.signed_in("anna", "editor")
    page = anna.get(f"/contacts/{first}").text
    assert all(word in page for word in ("Fair", "Adults", "Person 1", "not asked", "everybody gets it"))
    was = html.unescape(page.split('name="was" value="')[1].split('"')[0])
    fields = {"was": was, "a_city": "Utrecht", "a_name": "Person 1", "a_tags": "a; b"}
    assert anna.post(f"/contacts/{first}", fields).status == 303
    other = {"was": was, "a_city": "Gent", "a_name": "Person 1", "a_vip": "yes"}
    assert anna.post(f"/contacts/{first}", other).status == 303
    late = anna.post(f"/contacts/{first}", {"was": was, "a_city": "Leiden", "a_tags": ""})
    assert late.status == 409
    assert 'value="Leiden"' in late.text
    assert "<dt>City is now</dt><dd>Utrecht</dd>" in late.text
    assert "Tags is now" not in late.text
    assert anna.post(f"/contacts/{first}", {"a_born": "soon"}).status == 422
    with audience(pages.desk.data_dir) as connection:
        assert contacts.texts(connection, first)["city"] == "Utrecht"
    shown = anna.get(f"/contacts/{first}").text
    assert "changed" in shown
    assert "city, tags" in shown
    assert "a; b" in shown
    assert pages.signed_in("vera", "viewer").post(f"/contacts/{first}", {"a_city": "X"}).status == 403
    assert anna.get("/contacts/999").status == 404
    assert anna.post("/contacts/999", {"a_city": "X"}).status == 404


def test_agreement_and_leaving_keep_their_proof(pages: Pages) -> None:
    """Who vouches is noted with the wording; who leaves is on the suppression list; both say what is missing."""
    person = with_people(pages)[1]
    anna = pages.signed_in("anna", "editor")
    assert anna.post(f"/contacts/{person}/subscribe", type="news", wording=" ").status == 422
    assert anna.post(f"/contacts/{person}/subscribe", type="none", wording="x").status == 404
    anna.post(f"/contacts/{person}/subscribe", type="news", wording=f"card {EVIL}", origin="192.0.2.7")
    page = anna.get(f"/contacts/{person}").text
    assert "card &lt;script&gt;" in page
    assert "192.0.2.7" in page
    assert "confirmed" in page
    away = anna.post(f"/contacts/{person}/unsubscribe", type="offers", wording="by telephone")
    assert away.status == 503
    assert "no daemon answers" in away.text
    with answering(pages.desk.config):
        assert anna.post(f"/contacts/{person}/unsubscribe", type="offers", wording="").status == 422
        assert anna.post(f"/contacts/{person}/unsubscribe", type="offers", wording="by telephone").status == 303
    assert refusals(pages, "p1@example.com", "offers") == {"p1@example.com": Cause.UNSUBSCRIBE}
    assert not refusals(pages, "p1@example.com", "news")
    page = anna.get(f"/contacts/{person}").text
    assert "by telephone" in page
    assert "withdrawn" in page


def test_another_address_takes_what_was_said_along(pages: Pages) -> None:
    """A correction keeps the person; who left at the old address has left at the new one."""
    person = with_people(pages)[1]
    anna = pages.signed_in("anna", "administrator")
    with answering(pages.desk.config):
        anna.post(f"/contacts/{person}/unsubscribe", type="", wording="by letter")
        assert anna.post(f"/contacts/{person}/email", email="p2@example.com").status == 422
        assert anna.post(f"/contacts/{person}/email", email="nobody").status == 422
        assert anna.post(f"/contacts/{person}/email", email="new@example.com").status == 303
    assert refusals(pages, "new@example.com", "news") == {"new@example.com": Cause.UNSUBSCRIBE}
    assert "suppression list as the old address is" in anna.get(f"/contacts/{person}").text


def test_what_is_let_go_and_by_whom(pages: Pages) -> None:
    """A quarantine by who may edit, with a reason; what the person said by an administrator, and nothing beside it."""
    person = with_people(pages)[1]
    anna, root = pages.signed_in("anna", "editor"), pages.signed_in("root", "administrator")
    with answering(pages.desk.config):
        anna.post(f"/contacts/{person}/unsubscribe", type="offers", wording="by telephone")
        row = {"address": "p1@example.com", "cause": "hard_bounce", "source": "test"}
        tell(pages, "suppress.enter", rows=[row])
        assert "Let it go" in anna.get(f"/contacts/{person}").text
        assert anna.post(f"/contacts/{person}/release", type="offers", reason="asked").status == 403
        assert anna.post(f"/contacts/{person}/release", type="", reason="").status == 422
        assert anna.post(f"/contacts/{person}/release", type="", reason="it is there again").status == 303
        assert anna.post(f"/contacts/{person}/release", type="", reason="again").status == 422
        assert not refusals(pages, "p1@example.com")
        assert refusals(pages, "p1@example.com", "offers") == {"p1@example.com": Cause.UNSUBSCRIBE}
        assert root.post(f"/contacts/{person}/release", type="offers", reason="asked again").status == 303
    assert not refusals(pages, "p1@example.com", "offers")


def test_a_person_is_exported_and_erased(pages: Pages) -> None:
    """All that is on file as JSON; erased by an administrator with a reason, and only a hash refuses mail then."""
    person = with_people(pages)[1]
    anna, root = pages.signed_in("anna", "editor"), pages.signed_in("root", "administrator")
    answer = anna.get(f"/contacts/{person}/export")
    assert "attachment" in answer.headers["content-disposition"]
    found = json.loads(answer.text)
    assert (found["email"], found["attributes"]["age"], found["mailings"]) == ("p1@example.com", 21, [])
    assert anna.get(f"/contacts/{person}/erase").status == 403
    assert anna.post(f"/contacts/{person}/erase", reason="asked").status == 403
    page = root.get(f"/contacts/{person}/erase").text
    assert "What goes" in page
    assert "What stays" in page
    assert root.post(f"/contacts/{person}/erase", reason="asked").status == 503
    with answering(pages.desk.config):
        assert root.post(f"/contacts/{person}/erase", reason="").status == 422
        assert root.post(f"/contacts/{person}/erase", reason="asked on 3 May").location == "/contacts"
    assert anna.get(f"/contacts/{person}").status == 404
    assert refusals(pages, "p1@example.com") == {"p1@example.com": Cause.ERASED}
    assert "asked on 3 May" in root.get("/audit").text


def test_what_a_mailing_did_with_a_person(pages: Pages) -> None:
    """Every reply of the receiving host, the end, and why somebody was left out."""
    bob, eve, _ = with_people(pages)
    anna = pages.signed_in("anna", "viewer")
    with mailings(pages.desk.data_dir) as connection:
        for _ in range(made.NUMBER):
            editing.create(connection, Draft("November letter"), ("default",), By("anna", 1.0))
    left_out = [Excluded(eve, 0, "p1@example.com", "not_subscribed")]
    with contextlib.closing(
        made.mailing(pages.desk.data_dir, [Target("p0@example.com", "{}", bob)], left_out)
    ) as queue:
        made.happens(queue, 0, "failed", code=550, enhanced="5.1.1", text=f"no {EVIL} here")
    page = anna.get(f"/contacts/{bob}/mailings").text
    assert "November letter" in page
    assert "550 5.1.1 no &lt;script&gt;" in page
    assert f"/mailings/{made.NUMBER}/recipients/0" in page
    assert "not subscribed" in anna.get(f"/contacts/{eve}/mailings").text
    assert '"state": "failed"' in anna.get(f"/contacts/{bob}/export").text


def test_mailings_of_a_person(pages: Pages) -> None:
    """Without mailings the page says what will stand there; nobody of that number is not found."""
    person = with_people(pages)[0]
    anna = pages.signed_in("anna", "viewer")
    page = anna.get(f"/contacts/{person}/mailings").text
    assert "No mailing" in page
    assert EVIL not in page
    assert anna.get("/contacts/999/mailings").status == 404


def tell(pages: Pages, do: str, **request: object) -> None:
    """Straight to the list."""
    ask(pages.desk.config.server.run_dir, do, **request)

"""The pages of mailings: the list, the steps, the buttons, the preview."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from postduif.campaign.audience import selections
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import save
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.database import transaction
from postduif.campaign.mailings import editing, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find, log
from postduif.campaign.mailings.record import Counts, Draft, Mailing, Policy, State
from postduif.campaign.preparing.places import Places, note_progress, preparing
from postduif.campaign.web.pages import mailing_steps
from postduif.campaign.web.wording import number
from tests.campaign.forms.made import NEWSLETTER, SURVEY, put
from tests.web_world import Browser, Fields, Pages

EVIL = "<script>alert(1)</script>"
BY = By("bob", 1_790_000_000.0)
CONTENT = {
    "subject": "Dear {{ name }}",
    "sender": {"address": "news@sender.example", "name": "News"},
    "body": "<h1>Hi {{ name }}</h1><img src='cid:a.png'>",
}
DRAFT = Draft("Autumn", target=Spec(condition="id > 0"), content=json.dumps(CONTENT))


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """With three people."""
    with Pages(tmp_path) as served:
        with audience(served.desk.data_dir) as connection, transaction(connection):
            for name in ("ann", "ben", "cas"):
                save(
                    connection, f"{name}@example.com", {"name": name.title()} if name != "cas" else {}, 1.0, "hand", "x"
                )
        yield served


def made(pages: Pages, draft: Draft = DRAFT, state: State = State.DRAFT) -> Mailing:
    """A mailing in that state: draft, prepared, or sending."""
    with mailings(pages.desk.data_dir) as connection:
        one = editing.create(connection, draft, ["default"], BY)
        if state is State.DRAFT:
            return one
        one = running.ready(connection, running.prepare(connection, one, BY), Counts(3, 1), BY)
        if state is State.PREPARED:
            return one
        return running.started(connection, running.send(connection, one, BY), BY)


def look(pages: Pages, number: int = 1) -> Mailing:
    """As it is."""
    with mailings(pages.desk.data_dir) as connection:
        return find(connection, number)


def form_of(mailing: Mailing, **more: str) -> Fields:
    """The hidden field of a step, and others."""
    return {"revision": str(mailing.revision), **more}


def test_nobody_may_what_is_not_his(pages: Pages) -> None:
    """A viewer looks, an editor writes, and only a sender sends; what is not there is 404."""
    made(pages, state=State.PREPARED)
    viewer, editor = pages.signed_in("vic", "viewer"), pages.signed_in("ed", "editor")
    assert viewer.get("/mailings/1/edit/setup").status == 200
    for path in ("prepare", "clone", "archive", "edit/setup", "edit/recipients/count"):
        assert viewer.post(f"/mailings/1/{path}").status == 403
    for path in ("send", "pause", "stop", "edit/confirm/schedule", "rate"):
        assert editor.post(f"/mailings/1/{path}").status == 403
    assert editor.get("/mailings/9").status == 404
    assert editor.get("/mailings/nine").status == 404
    assert look(pages).state is State.PREPARED


def test_the_list_says_what_there_is_and_filters(pages: Pages) -> None:
    """Empty it says what to do; text, folder, tag, state and archive choose; names are escaped."""
    anna = pages.signed_in()
    assert "Make the first one" in anna.get("/mailings").text
    made(pages, DRAFT._replace(name=EVIL, folder="Winter", tags=("shop",)))
    made(pages, DRAFT._replace(name="Second"), State.PREPARED)
    whole = anna.get("/mailings").text
    assert EVIL not in whole
    assert "&lt;script&gt;" in whole
    for query, found in [
        ("folder=winter", [1]),
        ("tag=shop", [1]),
        ("state=ready", [2]),
        ("find=second", [2]),
        ("find=zzz", []),
        ("archived=true", []),
    ]:
        text = anna.get(f"/mailings?{query}").text
        assert [n for n in (1, 2) if f'href="/mailings/{n}"' in text] == found, query
    assert anna.post("/mailings/2/archive").location == "/mailings"
    assert 'href="/mailings/2"' not in anna.get("/mailings").text
    assert 'href="/mailings/2"' in anna.get("/mailings?archived=true").text
    anna.post("/mailings/2/bring-back")
    assert not look(pages, 2).archived


def test_make_one(pages: Pages) -> None:
    """Empty, a copy, a template and a mailing of that; without a name it says so and keeps what was chosen."""
    anna = pages.signed_in()
    assert anna.post("/mailings/new", name=" ").status == 422
    assert anna.post("/mailings/new", name="One").location == "/mailings/1/edit/setup"
    anna.post("/mailings/new", name="Base", source="1", template="true")
    assert look(pages, 2).template
    assert anna.post("/mailings/new", name="", source="2").location == "/mailings/3/edit/setup"
    assert (look(pages, 3).draft.name, look(pages, 3).template) == ("Base", False)
    assert anna.post("/mailings/3/clone").location == "/mailings/4/edit/setup"
    assert anna.post("/mailings/4/delete").location == "/mailings"
    assert anna.get("/mailings/4").status == 404
    put(pages.desk.data_dir, replace(NEWSLETTER, response=2), replace(SURVEY, response=2))
    kept = anna.post("/mailings/2/delete")
    assert (kept.status, "goes to who fills in the forms newsletter, survey" in kept.text) == (422, True)
    assert look(pages, 2).template


def test_every_step_says_what_is_missing(pages: Pages) -> None:
    """A new one misses content and recipients; when all of it is there, the steps are good and sending is offered."""
    anna = pages.signed_in()
    made(pages, Draft("Empty"))
    content = anna.get("/mailings/1/edit/content").text
    assert "there is no subject" in content
    assert "nobody is meant" in anna.get("/mailings/1/edit/recipients").text
    confirm = anna.get("/mailings/1/edit/confirm")
    assert "prepare it first" in confirm.text
    assert 'class="primary wide" disabled' in confirm.text
    made(pages, state=State.PREPARED)
    ready = anna.get("/mailings/2/edit/confirm").text
    assert 'class="primary wide">Send now' in ready
    assert "2 recipients" in ready
    assert "thing missing" not in ready


def test_setup_is_stored(pages: Pages) -> None:
    """Fields become the draft; the button leads on; a wrong stream is told with what was typed kept."""
    anna, mailing = pages.signed_in(), made(pages)
    answer = anna.post("/mailings/1/edit/setup", form_of(mailing, name="New", stream="none", tags="x", then="content"))
    assert answer.status == 422
    assert 'value="New"' in answer.text
    assert "no stream is named" in answer.text
    fields = form_of(mailing, name="New", stream="default", tags="x, y", policy="newest", then="content")
    assert anna.post("/mailings/1/edit/setup", fields).location == "/mailings/1/edit/content"
    draft = look(pages).draft
    assert (draft.name, draft.tags, draft.policy) == ("New", ("x", "y"), Policy.NEWEST)


def test_who_comes_second_loses_nothing(pages: Pages) -> None:
    """Two edit the same content: the second gets 409, sees own words and those of the other, and may store again."""
    anna, mailing = pages.signed_in(), made(pages)
    first = form_of(mailing, subject="Of the first", sender_address="a@b.example", body="<p>1</p>")
    second = form_of(mailing, subject="Of the second", sender_address="a@b.example", body="<p>2</p>")
    assert anna.post("/mailings/1/edit/content", first).status == 303
    answer = anna.post("/mailings/1/edit/content", second)
    assert answer.status == 409
    assert 'value="Of the second"' in answer.text
    assert "<dd>Of the first</dd>" in answer.text
    assert json.loads(look(pages).draft.content)["subject"] == "Of the first"
    assert anna.post("/mailings/1/edit/content", second | {"revision": "2"}).status == 303
    assert json.loads(look(pages).draft.content)["subject"] == "Of the second"


def test_content_keeps_what_its_form_does_not_show(pages: Pages) -> None:
    """Values of seeds and raw header fields stay; storing the same again changes nothing; wrong words are told."""
    content = CONTENT | {
        "seeds": [{"address": "seed@sender.example", "values": {"name": "Seed"}}],
        "headers": [{"name": "X-Raw", "text": "{{ email }}", "raw": True}],
    }
    anna, mailing = pages.signed_in(), made(pages, DRAFT._replace(content=json.dumps(content)))
    fields = form_of(mailing, subject="S", sender_address="a@b.example", body="<p>{{ name }}</p>")
    fields |= {"seeds": "seed@sender.example", "headers": "X-Raw: {{ email }}"}
    assert anna.post("/mailings/1/edit/content", fields).status == 303
    stored = json.loads(look(pages).draft.content)
    assert stored["seeds"] == content["seeds"]
    assert stored["headers"] == content["headers"]
    again = fields | {"revision": str(look(pages).revision)}
    assert anna.post("/mailings/1/edit/content", again).status == 303
    assert look(pages).revision == 2
    wrong = anna.post("/mailings/1/edit/content", again | {"headers": "no colon", "subject": "kept?"})
    assert (wrong.status, 'value="kept?"' in wrong.text) == (422, True)
    text = anna.post("/mailings/1/edit/content/text", again)
    assert ">{{ name }}\n</textarea>" in text.text


def test_files(pages: Pages) -> None:
    """One is uploaded, given back as something to store, and removed."""
    anna = pages.signed_in()
    made(pages)
    body = (
        f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{anna.csrf}\r\n'
        '--x\r\nContent-Disposition: form-data; name="files"; filename="C:\\a.png"\r\n\r\nPNG\r\n--x--\r\n'
    )
    answer = anna.ask(
        "POST", "/mailings/1/edit/content/files", body.encode(), {"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status == 303
    assert [file.name for file in look(pages).files] == ["a.png"]
    got = anna.get("/mailings/1/files/a.png")
    assert (got.text, got.headers["content-type"]) == ("PNG", "application/octet-stream")
    assert got.headers["content-disposition"].startswith("attachment")
    assert "data:image/png;base64,UE5H" in anna.get("/mailings/1/preview.html?person=ann@example.com").text
    anna.post("/mailings/1/edit/content/files/remove", name="a.png")
    assert look(pages).files == ()


def test_preview(pages: Pages) -> None:
    """As the second; as somebody by address; the frame has no origin and no script; a hole is named."""
    anna = pages.signed_in()
    made(pages, DRAFT._replace(content=json.dumps(CONTENT | {"body": f"<b>{{{{ name }}}}</b>{EVIL}"})))
    second = anna.get("/mailings/1/content?n=2").text
    assert "Dear Ben" in second
    assert "recipient 2 of 3" in second
    assert "<mark>name</mark>" in anna.get("/mailings/1/content?person=cas@example.com").text
    assert "\u27e6name\u27e7" in anna.get("/mailings/1/preview.html?person=cas@example.com&marked=true").text
    assert "nobody is known as" in anna.get(f"/mailings/1/content?person={EVIL}").text
    frame = anna.get("/mailings/1/preview.html?person=ben@example.com")
    assert "<b>Ben</b>" in frame.text
    assert frame.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "script-src" not in frame.headers["content-security-policy"]
    assert f"Date: {formatdate(pages.desk.clock.time())[:-5]}" in second
    with mailings(pages.desk.data_dir) as connection:
        connection.execute("UPDATE mailing SET next = 2000000000")
    assert "Date: Wed, 18 May 2033 03:33:20" in anna.get("/mailings/1/content").text


def test_names_that_are_looked_for(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many selections some are offered, others by a part of their name; what is ticked stays; nothing is stored."""
    monkeypatch.setattr(mailing_steps, "MOST_NAMES", 2)
    ed, mailing = pages.signed_in("ed", "editor"), made(pages)
    assert "Name contains" not in ed.get("/mailings/1/edit/recipients").text
    with audience(pages.desk.data_dir) as connection, transaction(connection):
        for name in ("Abe", "Bea", "Cor", "Dot"):
            selections.static(connection, name, 1.0)
    page = ed.get("/mailings/1/edit/recipients").text
    assert [name in page for name in ("Abe", "Bea", "Cor", "Dot")] == [True, True, False, False]
    fields = form_of(mailing, find="o", condition="id > 1") | {"selections": ["Abe"]}
    page = ed.post("/mailings/1/edit/recipients/find", fields).text.split("Nobody in these")[0]
    assert re.findall(r'value="(\w+)" checked', page) == ["Abe"]
    assert [f'value="{name}"' in page for name in ("Abe", "Bea", "Cor", "Dot")] == [True, False, True, True]
    assert "id &gt; 1</textarea>" in page
    assert look(pages) == mailing


def test_recipients_and_their_count(pages: Pages) -> None:
    """What is typed is counted before it is stored; a condition that cannot be is told in the count and when stored."""
    anna, mailing = pages.signed_in(), made(pages)
    fields: Fields = {
        "persons": "ann@example.com\nben@example.com",
        "exclude_addresses": "ben@example.com",
    }
    counted = anna.post("/mailings/1/edit/recipients/count", {**fields})
    assert "ben@example.com</textarea>" in counted.text  # without scripts the page comes back as it was typed
    assert "excluded address" in counted.text
    assert ">1 <small>would get it" in counted.text
    assert "bad-words" in anna.post("/mailings/1/edit/recipients/count", condition="nonsense ((").text
    assert anna.post("/mailings/1/edit/recipients", form_of(mailing) | fields).status == 303
    assert look(pages).draft.target.persons == ("ann@example.com", "ben@example.com")
    bad = form_of(look(pages), condition="nonsense ((", roles="Fair/guest\nFair/guest")
    anna.post("/mailings/1/edit/recipients", bad)
    assert look(pages).draft.target.projects == ("Fair/guest",)
    shown = anna.get("/mailings/1/edit/recipients").text
    assert (">Fair/guest</textarea>" in shown, "not in this list" in shown) == (True, False)
    assert "Missing." in anna.get("/mailings/1/edit/recipients").text


def test_checks(pages: Pages) -> None:
    """They are run at once and shown with level, words, remedy and rule; levels are stored; nonsense is 422."""
    anna, mailing = pages.signed_in(), made(pages, DRAFT._replace(content=json.dumps(CONTENT | {"subject": " "})))
    rules: Fields = {"level_subject_empty": "warning", "sieves": "", "hour_from": "", "hour_to": "", "zone": "UTC"}
    assert anna.post("/mailings/1/edit/checks", form_of(mailing) | rules).status == 303
    assert json.loads(look(pages).draft.typology)["levels"] == {"subject_empty": "warning"}
    wrong = anna.post("/mailings/1/edit/checks", form_of(look(pages)) | rules | {"sieves": "{"})
    assert (wrong.status, "no JSON" in wrong.text) == (422, True)


def test_run_checks(tmp_path: Path) -> None:
    """A rule that has something to say does so on the page."""
    with Pages(tmp_path, '[dns]\nnameservers = ["127.0.0.1:9"]\ntimeout = "50ms"') as pages:
        anna = pages.signed_in()
        only = '{"only": ["subject_empty", "type_missing"]}'
        made(pages, DRAFT._replace(content=json.dumps(CONTENT | {"subject": " "}), typology=only))
        answer = anna.post("/mailings/1/edit/checks/run")
        assert "Checked just now" in answer.text
        assert '<code class="soft">subject_empty</code>' in answer.text
        assert "choose one; <code>postduif subscription</code> makes them" in answer.text


def test_the_buttons(pages: Pages) -> None:
    """Prepare, stop that, send as it was shown, pause, resume, stop: each writes the record; what cannot be is 409."""
    anna = pages.signed_in()
    made(pages)
    assert anna.post("/mailings/1/send").status == 409
    anna.post("/mailings/1/prepare")
    assert look(pages).state is State.PREPARING
    assert "being prepared" in anna.get("/mailings/1").text
    anna.post("/mailings/1/stop-preparation")
    assert look(pages).state is State.DRAFT
    made(pages, state=State.PREPARED)
    assert anna.post("/mailings/2/send", version="0.0").status == 409
    anna.post("/mailings/2/send", version="1.1")
    assert look(pages, 2).state in (State.HANDING_OVER, State.PREPARED)  # given back: there is no file
    made(pages, state=State.SENDING)
    assert "has no queue file" in anna.get("/mailings/3").text
    with mailings(pages.desk.data_dir) as connection:
        running.pause(connection, find(connection, 3), BY)
    assert anna.get("/mailings/3/stop").status == 200
    assert anna.post("/mailings/3/pause").status == 409


def test_schedule(pages: Pages) -> None:
    """The next dates are shown before anything is stored; then it is planned; then it waits again."""
    anna = pages.signed_in()
    made(pages, DRAFT._replace(policy=Policy.NEWEST))
    when: Fields = {
        "at": "2390-12-01T09:00",
        "zone": "Europe/Amsterdam",
        "frequency": "weekly",
        "days": ["TU"],
        "interval": "2",
    }
    assert "Tue 2390" in anna.post("/mailings/1/edit/confirm/dates", {**when}).text
    assert look(pages).schedule is None
    wrong = anna.post("/mailings/1/edit/confirm/schedule", {**when, "zone": "Mars"})
    assert (wrong.status, "no time zone" in wrong.text, "2390-12-01T09:00" in wrong.text) == (422, True, True)
    assert anna.post("/mailings/1/edit/confirm/schedule", {**when}).status == 303
    assert look(pages).state is State.REPEATING
    assert anna.get("/mailings/calendar?month=2390-12").text.count('href="/mailings/1"') >= 2
    anna.post("/mailings/1/unschedule")
    assert look(pages).state is State.DRAFT


def test_delivery(pages: Pages) -> None:
    """Rate, validity, waves and canary as people write them; nonsense is 422 with a remedy."""
    anna, mailing = pages.signed_in(), made(pages)
    fields = form_of(mailing, rate="50/s", validity="2d", waves="10% every 2h", canary="20 wait 30m", priority="70")
    assert anna.post("/mailings/1/edit/confirm", fields).status == 303
    draft = look(pages).draft
    assert (draft.rate, draft.validity, draft.waves.shares, draft.priority) == (3000, 172_800.0, (0.1,), 70)
    wrong = anna.post("/mailings/1/edit/confirm", fields | {"revision": "2", "waves": "many"})
    assert (wrong.status, 'value="many"' in wrong.text, "<dd>10% every 2h" in wrong.text) == (422, True, True)
    assert "<details open><summary>Rate" in wrong.text
    late = anna.post("/mailings/1/edit/confirm", fields | {"priority": "1"})
    assert (late.status, "<dd>70</dd>" in late.text, 'value="1"' in late.text) == (409, True, True)
    when = {"version": "1.0", "at": "2390-12-01T09:00", "zone": "Asia/Tokyo"}
    for path in ("schedule", "ask"):
        late = anna.post(f"/mailings/1/edit/confirm/{path}", {**when, "words": "for bob"})
        assert (late.status, "2390-12-01T09:00" in late.text, 'value="Asia/Tokyo"' in late.text) == (409, True, True)
    assert look(pages).schedule is None


def test_tabs(pages: Pages) -> None:
    """Each of ours answers, and says what to do where there is nothing."""
    anna: Browser = pages.signed_in()
    made(pages)
    for path, words in [
        ("", "Summary"),
        ("/logs", "never prepared"),
        ("/proofs", "None yet"),
        ("/audit", "<td>made</td><td>draft</td>"),
        ("/content", "Dear Ann"),
    ]:
        answer = anna.get(f"/mailings/1{path}")
        assert (answer.status, words in answer.text) == (200, True), path
    wrong = anna.post("/mailings/1/proofs", to="", person="")
    assert (wrong.status, "say to which addresses" in wrong.text) == (422, True)
    assert anna.get("/mailings/1/head?seen=draft.1.0.0").status == 204
    moved = anna.get("/mailings/1/head?seen=draft.0.0.0")
    assert ("mailing-head" in moved.text, moved.headers["hx-trigger"]) == (True, "mailing-moved")
    with mailings(pages.desk.data_dir) as connection:
        assert [one.action for one in log(connection, 1)] == ["create"]
    anna.post("/mailings/1/prepare")
    assert "It is preparing" not in anna.get("/mailings", **{"HX-Request": "true"}).text
    assert "It is preparing" in anna.get("/mailings").text


def test_a_preparation_shows_how_far_it_is(pages: Pages) -> None:
    """A bar without an end until something is known, then with figures."""
    one = made(pages)
    with mailings(pages.desk.data_dir) as connection:
        running.prepare(connection, one, BY)
    anna, places = pages.signed_in("anna", "viewer"), Places(pages.desk.data_dir)
    with preparing(places, 1):
        assert '<progress aria-label="Preparing">' in anna.get("/mailings/1").text
        note_progress(places, 1, 2000, 3000)
        assert f"{number(2000)} of {number(3000)} people were looked at" in anna.get("/mailings/1").text

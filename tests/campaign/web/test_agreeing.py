"""To edit is not to send, and two who have to agree agree to what goes, and when: on the pages and by the API alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.mailings import editing, occasions, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Counts, Draft, Mailing, Policy, State
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.web import pages as pages_room
from postduif.campaign.web.api import app as api
from postduif.campaign.web.api.caller import Needs as NeedsScope
from postduif.campaign.web.visitor import Needs
from tests.api_world import caller
from tests.web_world import Fields, Pages

BY = By("bob", 1_790_000_000.0)
CONTENT = {"subject": "Hi", "sender": {"address": "news@sender.example"}, "body": "<p>Hi</p>"}
DRAFT = Draft("Autumn", target=Spec(condition="id > 0"), content=json.dumps(CONTENT))
AT = Schedule(datetime(2390, 12, 1, 9), "UTC")  # noqa: DTZ001  a schedule has its zone beside it
TUESDAYS = AT._replace(rule="FREQ=WEEKLY;BYDAY=TU")
WHEN: Fields = {"at": "2390-12-01T09:00", "zone": "UTC"}
FILE = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\nPNG\r\n--x'
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}


PAGES = {
    "POST /attributes": "POST /attributes",
    "DELETE /attributes/{name}": "POST /attributes/remove",
    "POST /collections": "POST /attributes/records",
    "GET /audit": "GET /audit",
    "POST /contacts": "POST /contacts/new",
    "GET /contacts/export": "GET /contacts/export.csv",
    "GET /selections/{number}/export": "GET /selections/{number:int}/export.csv",
    "GET /projects/{number}/export": "GET /projects/{number:int}/export.csv",
    "PATCH /projects/{number}": "POST /projects/{number:int}/about",
    "PUT /contacts/{ref}": "POST /contacts/{number:int}",
    "PATCH /contacts/{ref}": "POST /contacts/{number:int}",
    "DELETE /contacts/{ref}": "POST /contacts/{number:int}/erase",
    "POST /contacts/{ref}/consent": "POST /contacts/{number:int}/subscribe",
    "POST /contacts/{ref}/records/{collection}": "POST /contacts/{number:int}",
    "DELETE /contacts/{ref}/records/{collection}/{number}": "POST /contacts/{number:int}",
    "POST /forms": "POST /forms/new",
    "PUT /forms/{name}": "POST /forms/{name}",
    "PUT /forms/{name}/closed": "POST /forms/{name}/close",
    "POST /forms/{name}/answers": "POST /mailings/{number:int}/send",
    "POST /forms/{name}/answers/{answer}/mail": "POST /contacts/{number:int}/again",
    "POST /imports": "POST /contacts/imports",
    "PATCH /imports/{id}": "POST /contacts/imports/{id}",
    "DELETE /imports/{id}": "POST /contacts/imports/{id}/discard",
    "POST /imports/{id}/actions/{action}": "POST /contacts/imports/{id}",
    "PUT /mail-types/{name}": "POST /mail-types/{name}",
    "DELETE /mail-types/{name}": "POST /mail-types/{name}/delete",
    "POST /mailings": "POST /mailings/new",
    "PATCH /mailings/{number}": "POST /mailings/{number:int}/edit/content",
    "DELETE /mailings/{number}": "POST /mailings/{number:int}/delete",
    "POST /mailings/{number}/clone": "POST /mailings/{number:int}/clone",
    "PUT /mailings/{number}/archived": "POST /mailings/{number:int}/archive",
    "PUT /mailings/{number}/files/{name}": "POST /mailings/{number:int}/edit/content/files",
    "DELETE /mailings/{number}/files/{name}": "POST /mailings/{number:int}/edit/content/files/remove",
    "POST /mailings/{number}/selections": "POST /mailings/{number:int}/take",
    "POST /mailings/{number}/projects": "POST /mailings/{number:int}/take",
    "POST /mailings/{number}/actions/rate": "POST /mailings/{number:int}/rate",
    "POST /mailings/{number}/actions/wave": "POST /mailings/{number:int}/wave",
    "POST /mailings/{number}/actions/prepare": "POST /mailings/{number:int}/prepare",
    "POST /mailings/{number}/actions/stop-preparing": "POST /mailings/{number:int}/stop-preparation",
    "POST /mailings/{number}/actions/check": "POST /mailings/{number:int}/edit/checks/run",
    "POST /mailings/{number}/actions/proof": "POST /mailings/{number:int}/proofs",
    "POST /mailings/{number}/actions/send": "POST /mailings/{number:int}/send",
    "POST /mailings/{number}/actions/schedule": "POST /mailings/{number:int}/edit/confirm/schedule",
    "POST /mailings/{number}/actions/unschedule": "POST /mailings/{number:int}/unschedule",
    "POST /mailings/{number}/actions/pause": "POST /mailings/{number:int}/pause",
    "POST /mailings/{number}/actions/resume": "POST /mailings/{number:int}/resume",
    "POST /mailings/{number}/actions/stop": "POST /mailings/{number:int}/stop",
    "POST /media": "POST /media",
    "DELETE /media/{number}": "POST /media/{number:int}/delete",
    "POST /messages": "POST /mailings/{number:int}/send",
    "POST /projects": "POST /projects",
    "DELETE /projects/{number}": "POST /projects/{number:int}/delete",
    "POST /projects/{number}/members": "POST /projects/{number:int}/members",
    "POST /projects/{number}/members/remove": "POST /projects/{number:int}/members",
    "GET /requests": "GET /requests",
    "GET /requests/{number}": "GET /requests/{number:int}",
    "POST /requests/{number}/actions/done": "POST /requests/{number:int}/done",
    "POST /selections": "POST /selections/plain",
    "POST /selections/count": "GET /selections/{number:int}/size",
    "PATCH /selections/{number}": "POST /selections/{number:int}/edit",
    "DELETE /selections/{number}": "POST /selections/{number:int}/delete",
    "POST /selections/{number}/members": "POST /selections/{number:int}/members",
    "POST /selections/{number}/members/remove": "POST /selections/{number:int}/members",
    "POST /selections/{number}/addresses": "POST /selections/{number:int}/members",
    "POST /selections/{number}/addresses/remove": "POST /selections/{number:int}/members",
    "POST /suppression": "POST /suppression",
    "DELETE /suppression/{address:path}": "POST /suppression/release",
}
"""For each call of the API that does something, or shows what is not for everybody, the page that does the same."""


def needed(routers: Iterable[APIRouter]) -> dict[str, str]:
    """The permission that each route asks for; "" where nobody has to be signed in."""
    found = {}
    for route in [one for router in routers for one in router.routes if isinstance(one, APIRoute)]:
        asked = [one.call for one in route.dependant.dependencies]
        (permission,) = [
            *(one.permission.value for one in asked if isinstance(one, Needs)),
            *(one.scope.value for one in asked if isinstance(one, NeedsScope)),
        ] or [""]
        found |= {f"{method} {route.path}": permission for method in route.methods}
    return found


def test_a_call_is_for_whom_its_page_is_for() -> None:
    """A new call that does something, or is not for everybody who may look, has to be put beside its page here."""
    pages, calls = needed(pages_room.ROUTERS), needed(api.ROUTERS)
    assert {one for one in calls if not one.startswith("GET") or calls[one] != "look"} == PAGES.keys()
    assert {call: calls[call] for call in PAGES} == {call: pages[page] for call, page in PAGES.items()}


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """Where one person is enough to send."""
    with Pages(tmp_path) as served:
        yield served


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Pages]:
    """Where two have to agree."""
    with Pages(tmp_path, web="approval = true") as served:
        yield served


def dated(pages: Pages, when: Schedule, policy: Policy = Policy.NEWEST) -> Mailing:
    """A mailing that goes by itself then: planned, repeating, or scheduled as it was prepared."""
    with mailings(pages.desk.data_dir) as connection:
        one = editing.create(connection, DRAFT._replace(policy=policy), ["default"], BY)
        if policy is Policy.FROZEN:
            one = running.ready(connection, running.prepare(connection, one, BY), Counts(3, 1), BY)
        return occasions.schedule(connection, one, when, BY)


def prepared(pages: Pages) -> Mailing:
    """One that only has to be sent."""
    with mailings(pages.desk.data_dir) as connection:
        one = editing.create(connection, DRAFT, ["default"], BY)
        return running.ready(connection, running.prepare(connection, one, BY), Counts(3, 1), BY)


def look(pages: Pages, number: int = 1) -> Mailing:
    """As it is."""
    with mailings(pages.desk.data_dir) as connection:
        return find(connection, number)


@pytest.mark.parametrize("when", [AT, TUESDAYS], ids=["planned", "repeating"])
def test_who_only_edits_changes_nothing_that_goes_by_itself(pages: Pages, when: Schedule) -> None:
    """No step and no file of it, nor by a token of a sender that may only edit; whoever may send does."""
    seen = dated(pages, when)
    editor, sender = pages.signed_in("ed", "editor"), pages.signed_in("ben", "sender")
    token = caller(pages, "look", "edit", name="shop", role="sender")
    for step in ("setup", "content", "recipients", "checks", "confirm"):
        answer = editor.post(f"/mailings/1/edit/{step}", name="Other", subject="Other", condition="id > 1", rate="7")
        assert (step, answer.status) == (step, 403)
    form = b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + editor.csrf.encode() + b"\r\n" + FILE
    assert editor.ask("POST", "/mailings/1/edit/content/files", form + b"--\r\n", MULTIPART).status == 403
    assert token.patch("/mailings/1", {"name": "Other"}, If_Match="*").code == "not_allowed"
    assert token.put("/mailings/1/files/a.png", b"PNG").code == "not_allowed"
    assert look(pages) == seen
    assert "is for sender or administrator" in editor.get("/mailings/1/edit/content").text
    assert sender.post("/mailings/1/edit/confirm", {"revision": "1", "validity": "5d", "rate": "7"}).status == 303
    assert (look(pages).draft.rate, look(pages).schedule) == (7, when)
    shop = caller(pages, "edit", "send", name="both")
    assert shop.put("/mailings/1/files/a.png", b"PNG").status == 200
    assert token.delete("/mailings/1/files/a.png").code == "not_allowed"
    assert editor.post("/mailings/1/edit/content/files/remove", name="a.png").status == 403
    assert [one.name for one in look(pages).files] == ["a.png"]


def test_who_only_edits_does_not_prepare_what_has_a_date(pages: Pages) -> None:
    """Nor stops that: others get it, or nobody, at that date; an edit shows that it takes the date away."""
    dated(pages, AT, Policy.FROZEN)
    editor, token = pages.signed_in("ed", "editor"), caller(pages, "edit", role="editor")
    assert editor.post("/mailings/1/prepare").status == 403
    assert token.post("/mailings/1/actions/prepare").code == "not_allowed"
    assert look(pages).state is State.SCHEDULED
    assert token.patch("/mailings/1", {"name": "Other"}, If_Match="*").json["state"] == "draft"
    assert look(pages).schedule is None
    dated(pages, AT, Policy.FROZEN)
    ben = pages.signed_in("ben", "sender")
    assert ben.post("/mailings/2/prepare").status == 303
    assert editor.post("/mailings/2/stop-preparation").status == 403
    assert token.post("/mailings/2/actions/stop-preparing").code == "not_allowed"
    assert (look(pages, 2).state, look(pages, 2).schedule) == (State.PREPARING, AT)
    assert ben.post("/mailings/2/stop-preparation").status == 303
    assert look(pages, 2).schedule is None


def test_what_two_agreed_to_is_not_changed_by_one(strict: Pages) -> None:
    """Whoever may send takes it off its date first; then it is edited, prepared, and asked for anew."""
    dated(strict, TUESDAYS)
    dated(strict, AT, Policy.FROZEN)
    ben, shop = strict.signed_in("ben", "sender"), caller(strict)
    assert ben.post("/mailings/1/edit/content", {"revision": "1", "subject": "Other"}).status == 403
    assert shop.patch("/mailings/1", {"name": "Other"}, If_Match="*").code == "not_allowed"
    assert ben.post("/mailings/2/prepare").status == 403
    assert shop.post("/mailings/2/actions/prepare").code == "not_allowed"
    assert (look(strict).state, look(strict, 2).state) == (State.REPEATING, State.SCHEDULED)
    assert ben.post("/mailings/1/unschedule").status == 303
    assert shop.patch("/mailings/1", {"name": "Other"}, If_Match="*").status == 200
    again = {"start": "2390-12-01T09:00:00", "zone": "UTC", "rule": TUESDAYS.rule}
    assert shop.post("/mailings/1/actions/schedule", again).code == "not_allowed"


def test_a_yes_holds_for_one_date(strict: Pages) -> None:
    """Not for an earlier one, nor for a rule, nor for at once; the page shows which, and has it filled in."""
    prepared(strict)
    edith, ben = strict.signed_in("edith", "editor"), strict.signed_in("ben", "sender")
    anna, shop = strict.signed_in("anna", "sender"), caller(strict)
    assert edith.post("/mailings/1/edit/confirm/ask", {**WHEN, "zone": "Mars"}).status == 422
    assert edith.post("/mailings/1/edit/confirm/ask", {**WHEN, "version": "1.1"}).status == 303
    assert edith.post("/mailings/1/edit/confirm/ask-to-send", version="1.1").status == 303
    assert "schedule 2390-12-01 09:00 UTC mailing 1" in ben.get("/").text
    assert ben.post("/mailings/1/edit/confirm/schedule", {**WHEN, "version": "1.1"}).status == 403
    assert anna.post("/mailings/1/approval/1", verdict="yes").status == 303
    page = ben.get("/mailings/1/edit/confirm").text
    assert "Approval to schedule 2390-12-01 09:00 UTC" in page
    assert 'value="2390-12-01T09:00"' in page
    for other in ({**WHEN, "at": "2390-12-01T08:59"}, {**WHEN, "frequency": "daily"}):
        assert ben.post("/mailings/1/edit/confirm/schedule", {**other, "version": "1.1"}).status == 403
    assert ben.post("/mailings/1/send", version="1.1").status == 403
    assert shop.post("/mailings/1/actions/send").code == "not_allowed"
    when = {"start": "2390-12-01T09:00:00", "zone": "UTC"}
    assert shop.post("/mailings/1/actions/schedule", when | {"zone": "Asia/Tokyo"}).code == "not_allowed"
    assert shop.post("/mailings/1/actions/schedule", when).json["state"] == "scheduled"
    assert ben.post("/mailings/1/unschedule").status == 303
    assert ben.post("/mailings/1/edit/confirm/schedule", {**WHEN, "version": "1.1"}).status == 303
    assert look(strict).schedule == AT
    assert "schedule 2390-12-01 09:00 UTC" in ben.get("/mailings/1/audit").text


def test_enter_sends_nothing(pages: Pages) -> None:
    """The first button of a form is what Enter in a field presses: it stores, or shows, and never sends or replaces."""
    anna = pages.signed_in()
    prepared(pages)
    first = {}
    for path in ("content", "confirm"):
        for form in re.findall(r"<form.*?</form>", anna.get(f"/mailings/1/edit/{path}").text, re.DOTALL):
            for action in re.findall(r'^<form[^>]*action="/mailings/1/([^"]*)"', form):
                first[action] = re.findall(r"<button[^>]*>", form)[0]
    assert 'value="content"' in first["edit/content"]
    assert 'formaction="/mailings/1/edit/confirm/dates"' in first["edit/confirm/schedule"]


def test_nobody_sends_alone(strict: Pages) -> None:
    """Where it is asked for, nobody sends alone: one asks, another says yes, and then it goes."""
    anna, ben = strict.signed_in("anna", "sender"), strict.signed_in("ben", "sender")
    prepared(strict)
    assert anna.post("/mailings/1/send", version="1.1").status == 403
    assert anna.post("/mailings/1/edit/confirm/ask-to-send", version="1.1", words="please").status == 303
    assert "Approve" not in anna.get("/mailings/1/edit/confirm").text.replace("Approval", "")
    late = anna.post("/mailings/1/edit/confirm/ask-to-send", version="0.9", words="again")
    assert (late.status, "changed by" in late.text) == (409, True)
    assert anna.post("/mailings/1/approval/1", verdict="yes").status == 403
    asked = ben.get("/mailings/1/edit/confirm").text
    assert ">Approve<" in asked
    (form,) = re.findall(r'<form[^>]*action="/mailings/1/approval/1".*?</form>', asked, re.DOTALL)
    assert " disabled " in re.findall(r"<button[^>]*>", form)[0]
    assert ben.post("/mailings/1/approval/1", verdict="yes").status == 303
    assert anna.post("/mailings/1/send", version="1.1").status == 303
    assert "please" not in anna.get("/mailings/1/logs").text
    assert "yes by ben" in anna.get("/mailings/1/audit").text

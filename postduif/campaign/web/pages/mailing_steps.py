"""The steps of a mailing: setup, content, recipients, checks, confirm. Each says what is missing.

A form is stored on the revision that its author saw. Who comes second sees the same page again with what was typed,
and what the other wrote beside it; storing once more is then a choice, and nothing is lost by accident.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.audience import projects, selections
from postduif.campaign.audience.attributes import collections
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.selections import SelectionKind
from postduif.campaign.audience.subscriptions import types
from postduif.campaign.checks.catalogue import GROUPS
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import Overtaken
from postduif.campaign.mailings.listing import find, labels
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.mailings.states import Action, why_not
from postduif.campaign.preparing import report as reports
from postduif.campaign.preparing.doing import do_check
from postduif.campaign.preparing.estimate import estimate
from postduif.campaign.preparing.places import Places
from postduif.campaign.preparing.readiness import steps, streams
from postduif.campaign.preparing.report import Report
from postduif.campaign.web import mailing_forms as forms
from postduif.campaign.web.acting import see_changeable, why_not_changed
from postduif.campaign.web.mailing_forms import Form, typed
from postduif.campaign.web.mailing_offers import offers
from postduif.campaign.web.page import is_fragment, render, see
from postduif.campaign.web.pages.mailing_tabs import mailing_of
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.visitor import Editing, Looking, Visitor
from postduif.errors import PostduifError

router = APIRouter(prefix="/mailings/{number:int}/edit")
MOST_NAMES = 200
"""Selections, and projects, that are offered at once."""


def step_page(
    request: Request,
    who: Visitor,
    mailing: Mailing,
    form: Form,
    *,
    status: int = 200,
    fields: Mapping[str, Any] | None = None,
    wrong: str = "",
    theirs: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """The page of a step. `fields` are as they were typed; without them, those of the draft."""
    here = request.url.path.removeprefix(f"/mailings/{mailing.number}/edit/").partition("/")[0]
    with audience(who.desk.data_dir) as people:
        made = steps(people, who.desk.config, mailing, who.desk.clock.time())
    refused = "" if who.may("edit") else f"your role is {who.person.role}, which may look at it"
    given = {
        "mailing": mailing,
        "offers": offers(mailing, who),
        "steps": made,
        "step": next(one for one in made if one.path == here),
        "following": next((after for one, after in pairwise(made) if one.path == here), None),
        "v": dict(form.shown(mailing.draft)) | dict(fields or {}),
        "wrong": wrong,
        "theirs": theirs or {},
        "fixed": refused or why_not(mailing, Action.EDIT) or why_not_changed(who, mailing, Action.EDIT),
    }
    return render(request, f"mailing/step_{here}.html", status, **(given | values))


def store(who: Visitor, number: int, form: Form, fields: Mapping[str, Any]) -> Mailing:
    """Write what the fields say, on the revision that they were shown with. Raises PostduifError."""
    with mailings(who.desk.data_dir) as connection:
        seen = find(connection, number)
        draft = form.taken(seen.draft, fields)
        shown = str(fields.get("revision", ""))
        seen = seen._replace(revision=int(shown[:18]) if shown.isdecimal() else seen.revision)
        if draft == seen.draft and seen.revision == find(connection, number).revision:
            return seen
        see_changeable(who, seen, Action.EDIT)
        return editing.edit(connection, seen, draft, streams(who.desk.config), who.by())


def differences(fault: PostduifError, form: Form, mailing: Mailing, fields: Mapping[str, Any]) -> dict[str, str]:
    """Who was overtaken: what is written now, where that is not what was typed, by the names of the fields."""
    if not isinstance(fault, Overtaken):
        return {}
    found = {}
    for name, value in form.shown(mailing.draft).items():
        mine = fields.get(name, [] if isinstance(value, list) else "")
        if isinstance(value, bool):
            mine = mine == "true"
        if value != (mine.replace("\r\n", "\n") if isinstance(mine, str) else mine):
            found[name] = "\n".join(value) if isinstance(value, list) else str(value)
    return found


def keep(request: Request, who: Visitor, number: int, form: Form, given: Posted, **values: Any) -> Response:
    """Store, and go on to where the button says; or the same page with what is wrong."""
    fields = typed(given)
    try:
        made = store(who, number, form, fields)
    except PostduifError as fault:
        mailing = mailing_of(who, number)
        theirs = differences(fault, form, mailing, fields)
        return step_page(
            request,
            who,
            mailing,
            form,
            status=status_of(fault),
            fields=fields,
            wrong=str(fault),
            theirs=theirs,
            **values,
        )
    here = request.url.path.rpartition("/")[2]
    then = given.get("then", here)
    path = then if then in ("setup", "content", "recipients", "checks", "confirm") else here
    return see(request, f"/mailings/{made.number}/edit/{path}", "Stored.")


# --- setup


def _setup_values(who: Visitor) -> dict[str, Any]:
    with audience(who.desk.data_dir) as people:
        kinds = types(people)
    with mailings(who.desk.data_dir) as connection:
        known = labels(connection)
    words = [("", "none: people who unsubscribed from a type get it too")]
    return {
        "streams": streams(who.desk.config),
        "kinds": [*words, *((one.name, one.title or one.name) for one in kinds.values())],
        "folders": known.folders,
    }


@router.get("/setup")
def setup(request: Request, who: Looking, number: int) -> Response:
    """What it is called and what kind of mail it is."""
    return step_page(request, who, mailing_of(who, number), forms.SETUP, **_setup_values(who))


@router.post("/setup")
def store_setup(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """Write it."""
    return keep(request, who, number, forms.SETUP, form, **_setup_values(who))


# --- recipients


def _recipients_values(who: Visitor, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What can be ticked: what is, and the first MOST_NAMES that have what is looked for in their names."""
    with audience(who.desk.data_dir) as people:
        known = selections.listed(people)
        groups = [one.name for one in projects.listed(people)]
        kinds = list(collections(people))
    find = str(fields.get("find", "")).strip()
    sources = [one.name for one in known if one.kind is not SelectionKind.ADDRESSES]
    lists = {"selections": sources, "projects": groups, "exclude_selections": [one.name for one in known]}
    return {
        "offered": {name: _offered(names, find, fields.get(name, ())) for name, names in lists.items()},
        "known": {name: frozenset(names) for name, names in lists.items()},
        "find": find,
        "more": len(known) > MOST_NAMES or len(groups) > MOST_NAMES,
        "most": MOST_NAMES,
        "counted": None,
        "collections": [("", "no: one mail for each person"), *((name, name) for name in kinds)],
    }


def _offered(names: Sequence[str], find: str, ticked: Collection[str]) -> list[str]:
    found = [one for one in names if find.casefold() in one.casefold()][:MOST_NAMES]
    shown = {*found, *ticked}
    return [one for one in names if one in shown]


@router.get("/recipients")
def recipients(request: Request, who: Looking, number: int) -> Response:
    """Who gets it, and who does not."""
    mailing = mailing_of(who, number)
    values = _recipients_values(who, forms.RECIPIENTS.shown(mailing.draft))
    return step_page(request, who, mailing, forms.RECIPIENTS, **values)


@router.post("/recipients")
def store_recipients(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """Write it."""
    return keep(request, who, number, forms.RECIPIENTS, form, **_recipients_values(who, typed(form)))


@router.post("/recipients/find")
def find_sources(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """The same page with what was typed, and other names to be ticked. Stores nothing."""
    fields = _ticked(form)
    values = _recipients_values(who, fields)
    return step_page(request, who, mailing_of(who, number), forms.RECIPIENTS, fields=fields, **values)


@router.post("/recipients/count")
def count(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """How many the fields mean as they are now, stored or not."""
    seen, fields, found, wrong = mailing_of(who, number), _ticked(form), None, ""
    try:
        target = forms.RECIPIENTS.taken(seen.draft, fields).target
        with audience(who.desk.data_dir) as people:
            found = estimate(people, who.desk.data_dir, target, who.desk.clock.time())
    except PostduifError as fault:
        wrong = str(fault)
    counted: dict[str, Any] = {"found": found, "wrong": wrong}
    if is_fragment(request):
        return render(request, "parts/mailing_count.html", **counted)
    values = _recipients_values(who, fields) | {"counted": counted}
    return step_page(request, who, seen, forms.RECIPIENTS, fields=fields, **values)


def _ticked(form: Posted) -> dict[str, Any]:
    """As typed; where nothing is ticked, nothing is."""
    return {"selections": [], "projects": [], "exclude_selections": []} | typed(form)


# --- checks


@router.get("/checks")
def checks(request: Request, who: Looking, number: int) -> Response:
    """What the last preparation found, and which rules hold."""
    return _checks_page(request, who, mailing_of(who, number))


@router.post("/checks")
def store_checks(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """Write which rules hold."""
    mailing = mailing_of(who, number)
    return keep(request, who, number, forms.CHECKS, form, **_checks_values(who, mailing))


@router.post("/checks/run")
def run(request: Request, who: Editing, number: int) -> Response:
    """Ask all rules that need no preparation, now. Nothing is stored."""
    mailing = mailing_of(who, number)
    try:
        found = do_check(who.desk.config, number, who.desk.clock)
    except PostduifError as fault:
        return _checks_page(request, who, mailing, status_of(fault), wrong=str(fault))
    return _checks_page(request, who, mailing, report=found, fresh=True)


def _checks_page(
    request: Request, who: Visitor, mailing: Mailing, status: int = 200, *, wrong: str = "", **more: Any
) -> Response:
    values = _checks_values(who, mailing) | more
    return step_page(request, who, mailing, forms.CHECKS, status=status, wrong=wrong, **values)


def _checks_values(who: Visitor, mailing: Mailing) -> dict[str, Any]:
    return {"report": last_report(who, mailing), "fresh": False, "groups": GROUPS}


def last_report(who: Visitor, mailing: Mailing) -> Report | None:
    """Of the last preparation, whatever was changed since."""
    return reports.read(Places(who.desk.data_dir).report(mailing.number))

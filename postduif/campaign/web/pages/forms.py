"""Forms: which there are, the editor with its preview and the HTML for other sites, and what was answered."""

from __future__ import annotations

import itertools
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response, StreamingResponse

from postduif.campaign.accounts import audit
from postduif.campaign.accounts.fault import NotAllowed
from postduif.campaign.forms import answers, counting, responding, store
from postduif.campaign.forms import form as rules
from postduif.campaign.forms.connection import forms
from postduif.campaign.forms.form import FormFault, NoSuchForm
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import MAX_LISTED, Filter
from postduif.campaign.mailings.listing import listed as listed_mailings
from postduif.campaign.public.form_page import Page, form_page, snippet
from postduif.campaign.public.rendering import languages, stylesheet
from postduif.campaign.web import form_csv, form_storing
from postduif.campaign.web.cursor import Cursor, slice_of
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.form_fields import form_of
from postduif.campaign.web.page import render, see
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.visitor import Editing, Looking, OfDesk, Visitor
from postduif.errors import PostduifError

router = APIRouter(prefix="/forms")

AT_ONCE = 50
NAMES = {"en": "English", "nl": "Dutch", "de": "German", "fr": "French"}
_PREVIEW = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    "x-frame-options": "SAMEORIGIN",
}
_LINK = '<link rel="stylesheet" href="/style.css">'


@router.get("")
def listed(request: Request, desk: OfDesk, _: Looking) -> Response:
    """All of them."""
    with forms(desk.data_dir) as connection:
        found, figures = store.listed(connection), counting.figures(connection)
    return render(request, "forms/list.html", forms=found, figures=figures, public_url=desk.config.web.public_url)


@router.get("/new")
def ask(request: Request, desk: OfDesk, _: Editing) -> Response:
    """An empty one."""
    return _editor(request, desk, rules.Form(""))


@router.post("/new")
def add(request: Request, desk: OfDesk, who: Editing, posted: Posted) -> Response:
    """One more."""
    form = _posted(desk, posted.get("name", "").strip().lower(), posted)
    try:
        checked = form_storing.checked(who, form)
        with forms(desk.data_dir) as connection:
            made = store.create(connection, checked, who.name, desk.clock.time())
    except (FormFault, NotAllowed) as fault:
        return _editor(request, desk, form, None, fault)
    _note(desk, who, "form.added", made.form.name)
    return see(request, f"/forms/{made.form.name}", "The form is there. Look at it as readers will see it.")


@router.get("/{name}")
def one(request: Request, desk: OfDesk, _: Looking, name: str) -> Response:
    """The editor."""
    with forms(desk.data_dir) as connection:
        stored = store.find(connection, name)
    return _editor(request, desk, stored.form, stored)


@router.post("/{name}")
def change(
    request: Request, desk: OfDesk, who: Editing, name: str, posted: Posted, seen: Annotated[int, Form()] = 0
) -> Response:
    """A new version, if it is another."""
    form = _posted(desk, name, posted)
    with forms(desk.data_dir) as connection:
        there = store.find(connection, name)
    try:
        checked = form_storing.checked(who, form, there.form.response)
        with forms(desk.data_dir) as connection:
            now = store.change(connection, checked, seen, who.name, desk.clock.time())
    except NoSuchForm:
        raise
    except (FormFault, NotAllowed) as fault:
        return _editor(request, desk, form, there, fault)
    if now.version == seen:
        return see(request, f"/forms/{name}", "Nothing was another.")
    _note(desk, who, "form.changed", name, f"version {now.version}")
    return see(request, f"/forms/{name}", f"Stored as version {now.version}.")


@router.post("/{name}/close")
def close(
    request: Request, desk: OfDesk, who: Editing, name: str, closed: Annotated[str, Form(max_length=5)] = "yes"
) -> Response:
    """Ask nobody any more, or again."""
    form_storing.close(who, name, closed=closed == "yes")
    _note(desk, who, "form.closed" if closed == "yes" else "form.opened", name)
    return see(request, f"/forms/{name}", "It takes no more answers." if closed == "yes" else "It takes answers again.")


@router.get("/{name}/preview")
def preview(
    desk: OfDesk, _: Looking, name: str, language: Annotated[str, Query(max_length=5)] = "", *, reader: bool = False
) -> Response:
    """As readers see it. Nothing in it can be sent."""
    with forms(desk.data_dir) as connection:
        stored = store.find(connection, name)
    page = Page(stored.form.language(language), {}, {}, "", reader)
    html = form_page(stored, *form_storing.known(desk), page, "")
    html = html.replace(_LINK, f"<style>{stylesheet().decode()}</style>", 1)
    return Response(html, media_type="text/html", headers=_PREVIEW)


@router.get("/{name}/answers")
def answered(request: Request, desk: OfDesk, _: Looking, name: str, before: Cursor = 0) -> Response:
    """The newest first."""
    with forms(desk.data_dir) as connection:
        stored = store.find(connection, name)
        found = answers.listed(connection, name, before=before, limit=AT_ONCE + 1)
        figures = counting.figures(connection).get(name)
    rows = slice_of(request, found, AT_ONCE, lambda answer: answer.id)
    return render(request, "forms/answers.html", stored=stored, answers=rows, figures=figures)


@router.get("/{name}/answers.csv")
def export(desk: OfDesk, who: Looking, name: str) -> Response:
    """All, for a spreadsheet; no cell is a formula."""
    stream = form_csv.pieces(desk.data_dir, name)
    first = next(stream)  # that there is no such form is told before the answer begins
    _note(desk, who, "form.exported", name)
    headers = {"content-disposition": f'attachment; filename="form-{name}.csv"'}
    return StreamingResponse(itertools.chain([first], stream), media_type="text/csv; charset=utf-8", headers=headers)


def _posted(desk: Desk, name: str, posted: dict[str, str]) -> rules.Form:
    return form_of(name, posted, ("name", *form_storing.known(desk).attributes), languages())


def _editor(
    request: Request,
    desk: Desk,
    form: rules.Form,
    stored: store.Stored | None = None,
    fault: PostduifError | None = None,
) -> Response:
    status, wrong = (status_of(fault), str(fault)) if fault else (200, "")
    known = form_storing.known(desk)
    url = desk.config.web.public_url
    asked = {one.name: one for one in form.fields}
    labels = {"name": "Name"} | {name: one.label for name, one in known.attributes.items()}
    pieces = {}
    if stored is not None and url and stored.form.public:
        address = f"{url}/f/{form.name}"
        pieces = {code: snippet(stored, *known, code, address) for code in stored.form.texts}
    with forms(desk.data_dir) as connection:
        figures = counting.figures(connection).get(form.name) if stored else None
    with mailings(desk.data_dir) as connection:
        templates = listed_mailings(connection, Filter(template=True, archived=False, limit=MAX_LISTED))
    return render(
        request, "forms/edit.html", status, form=form, stored=stored, wrong=wrong, asked=asked, labels=labels,
        types=known.types, languages={code: NAMES.get(code, code) for code in languages()},
        pieces=pieces, public_url=url, figures=figures, templates=templates, tag=responding.tag_of(form.name),
        apart=responding.APART,
    )  # fmt: skip


def _note(desk: Desk, who: Visitor, what: str, name: str, words: str = "") -> None:
    with desk.accounts() as connection:
        audit.note(connection, who.by(), what, f"form {name}", words)

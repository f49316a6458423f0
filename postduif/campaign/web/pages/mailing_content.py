"""The content of a mailing: its form and files, and what one recipient would see, in a frame that can do nothing."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, UploadFile
from starlette.responses import HTMLResponse, Response

from postduif.campaign.audience.connection import audience
from postduif.campaign.content.composing import Composed
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import content_of, find
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.mailings.states import Action
from postduif.campaign.preparing.composition import compose, draft_of
from postduif.campaign.preparing.estimate import nth
from postduif.campaign.preparing.previewing import Seen, seen_by
from postduif.campaign.preparing.readiness import names_of
from postduif.campaign.web import mailing_forms as forms
from postduif.campaign.web.acting import see_changeable
from postduif.campaign.web.page import see
from postduif.campaign.web.pages.mailing_steps import keep, step_page
from postduif.campaign.web.pages.mailing_tabs import mailing_of, tab_page
from postduif.campaign.web.pictures import latest
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.visitor import Editing, Looking, Visitor
from postduif.errors import PostduifError
from postduif.mta.merge.message import MAX_ATTACHED

router = APIRouter(prefix="/mailings/{number:int}")
FRAME = {
    "content-security-policy": (
        "sandbox; default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; font-src https: data:; "
        "frame-ancestors 'self'"
    ),
    "x-frame-options": "SAMEORIGIN",
    "cross-origin-resource-policy": "same-origin",
}
"""Of the page in the frame: it has no origin, runs nothing, sends nothing, and only our pages show it."""
Place = Annotated[int, Query(ge=1, le=1 << 24)]
Flag = Annotated[bool, Query()]
Who = Annotated[str, Query(max_length=320)]


@router.get("/edit/content")
def content(request: Request, who: Looking, number: int) -> Response:
    """The form."""
    mailing = mailing_of(who, number)
    return step_page(request, who, mailing, forms.CONTENT, **_values(who, mailing))


@router.post("/edit/content")
def store_content(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """Write it."""
    return keep(request, who, number, forms.CONTENT, form, **_values(who, mailing_of(who, number)))


@router.post("/edit/content/text")
def make_text(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """The text part, made of the HTML that is in the form; to be looked at, changed and stored."""
    mailing, fields = mailing_of(who, number), forms.typed(form)
    wrong, status = "", 200
    try:
        draft = forms.CONTENT.taken(mailing.draft, fields | {"text": ""})
        fields["text"] = _composed(who, mailing._replace(draft=draft)).content.text
    except PostduifError as fault:
        wrong, status = str(fault), status_of(fault)
    values = _values(who, mailing)
    return step_page(request, who, mailing, forms.CONTENT, status=status, fields=fields, wrong=wrong, **values)


@router.post("/edit/content/files")
def upload(request: Request, who: Editing, number: int, files: list[UploadFile]) -> Response:
    """Attachments, and images that the HTML shows as cid:NAME."""
    with mailings(who.desk.data_dir) as connection:
        seen = find(connection, number)
        see_changeable(who, seen, Action.EDIT)
        for file in files:
            if file.filename:
                name = file.filename.replace("\\", "/").rpartition("/")[2]
                seen = editing.attach(connection, seen, name, file.file.read(MAX_ATTACHED + 1), who.by())
    return see(request, f"/mailings/{number}/edit/content#files", "The files are stored.")


@router.post("/edit/content/files/remove")
def remove(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """Without one."""
    name = form.get("name", "")
    with mailings(who.desk.data_dir) as connection:
        seen = find(connection, number)
        see_changeable(who, seen, Action.EDIT)
        editing.detach(connection, seen, name, who.by())
    return see(request, f"/mailings/{number}/edit/content#files", f"{name} is removed.")


@router.get("/files/{name}")
def file(who: Looking, number: int, name: str) -> Response:
    """One file, to be stored by the browser and never shown by it."""
    with mailings(who.desk.data_dir) as connection:
        found = next((one for one in find(connection, number).files if one.name == name), None)
        if found is None:
            return Response("There is no such file.\n", 404, media_type="text/plain")
        octets = content_of(connection, found)
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return Response(octets, media_type="application/octet-stream", headers=headers)


@router.get("/content")
def preview(
    request: Request,
    who: Looking,
    number: int,
    n: Place = 1,
    person: Who = "",
    marked: Flag = False,  # noqa: FBT002
) -> Response:
    """As the n-th of its target, or that person, would get it."""
    mailing, count, seen, wrong = mailing_of(who, number), 0, None, ""
    person = person.strip()
    try:
        with audience(who.desk.data_dir) as people:
            contact, count = nth(people, who.desk.data_dir, mailing.draft.target, who.desk.clock.time(), n - 1)
        seen = _seen(who, mailing, person or (f"#{contact}" if contact else ""))
    except PostduifError as fault:
        wrong = str(fault)
    return tab_page(
        request,
        who,
        mailing,
        "mailing/content.html",
        seen=seen,
        wrong=wrong,
        place=min(n, count) if not person else 0,
        count=count,
        person=person,
        marked=marked,
        frame=quote(f"#{seen.contact}" if seen and seen.contact else person, safe=""),
    )


@router.get("/preview.html")
def frame(who: Looking, number: int, person: Who = "", marked: Flag = False) -> Response:  # noqa: FBT002
    """The HTML of it, for the frame."""
    try:
        html = _seen(who, mailing_of(who, number), person, marked=marked).preview.html
    except PostduifError as fault:
        return Response(f"{fault}\n", status_of(fault), media_type="text/plain", headers=FRAME)
    return HTMLResponse(html or "<p>There is no HTML.</p>", headers=FRAME)


def _seen(who: Visitor, mailing: Mailing, person: str, *, marked: bool = False) -> Seen:
    with mailings(who.desk.data_dir) as connection:
        return seen_by(connection, who.desk.config, mailing, person, who.desk.clock.time(), marked=marked)


def _composed(who: Visitor, mailing: Mailing) -> Composed:
    with mailings(who.desk.data_dir) as connection, audience(who.desk.data_dir) as people:
        return compose(draft_of(connection, mailing), mailing, who.desk.config, names_of(people, mailing))


def _values(who: Visitor, mailing: Mailing) -> dict[str, Any]:
    """The variables that there are; and what is beside the form."""
    try:
        with audience(who.desk.data_dir) as people:
            names = [name for name in names_of(people, mailing) if not name.startswith("customer.")]
    except PostduifError:  # the target says what is wrong with it, on its own step
        names = []
    return {"names": names, "public": who.desk.config.web.public_url, "pictures": latest(who.desk)}

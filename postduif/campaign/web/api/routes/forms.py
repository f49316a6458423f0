"""Forms and their answers; somebody who signed up at a page of an application."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from postduif.campaign.forms import answers, counting, store
from postduif.campaign.forms import form as rules
from postduif.campaign.forms.answers import Answer, New
from postduif.campaign.forms.connection import forms
from postduif.campaign.forms.counting import Figures
from postduif.campaign.forms.filling import CONSENT, EMAIL, PREFIX, TYPES, filled
from postduif.campaign.forms.store import Stored
from postduif.campaign.web import form_storing
from postduif.campaign.web.api.caller import Caller, Editing, Looking, Sending
from postduif.campaign.web.api.people import IfMatch, etag_of, see_match
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.shape import AfterText, Before, Limit, Line, Moment, Page, Shape, paged

router = APIRouter(prefix="/forms", tags=["forms"])

FormName = Annotated[str, Path(min_length=1, max_length=30)]
_Text = Annotated[str, Field(max_length=5000)]
_NOBODY = Figures(0, 0, 0, 0, None)


class Words(Shape):
    """Of one language; what is empty is said in words of ours."""

    title: Line = ""
    intro: _Text = ""
    consent: _Text = Field(default="", description="What people agree to, at most 800 characters.")
    button: Line = ""
    thanks: _Text = ""
    subject: Line = Field(default="", description="Of the mail that asks to confirm.")
    mail: _Text = Field(default="", description="Its text; `{link}` is where the link goes.")


class AskedFor(Shape):
    """One attribute."""

    name: Line = Field(description="Of the attribute, `name` or `language`.")
    needed: bool = False
    labels: dict[str, Line] = Field(default={}, description="By language.")
    choices: list[Line] = Field(default=[], description="Of texts and lists; none: anything may be written.")


class FormBody(Shape):
    """All of a form but its name."""

    texts: dict[str, Words] = Field(default={"en": Words()}, description="By language; the first is for all others.")
    fields: list[AskedFor] = Field(default=[], description="What is asked besides the address.")
    types: list[Line] = Field(default=[], description="Of mail, that people get by it.")
    public: bool = Field(default=True, description="For everybody, after confirming by mail; for who may send.")
    sender: Line = Field(default="", description="The address that the mail comes from which asks to confirm.")
    sender_name: Line = ""
    redirect: Line = Field(default="", description="The page that people are led to when they have sent it.")
    origins: list[Line] = Field(default=[], description="Sites that may have it in their pages.")
    response: int = Field(
        default=0, ge=0, lt=2**31, description="A template that who filled it in gets; for who may send; 0: none."
    )


class FormIn(FormBody):
    """A new one."""

    name: Line = Field(description="Small letters, digits and -; it never changes.")


class FormOut(FormIn):
    """A form as it is now."""

    version: int
    at: Moment
    who: str
    closed: bool
    seen: int
    asked: int
    confirmed: int
    responses: int


class Closed(Shape):
    """Whether it takes answers."""

    closed: bool


class AnswerOut(Shape):
    """What somebody answered."""

    id: int
    version: int
    at: Moment
    language: str
    email: str = Field(description="Empty: a reader of a mailing.")
    contact: int = Field(description="0: nobody yet.")
    mailing: int
    number: int = Field(description="The recipient of that mailing; -1: somebody who signed up.")
    state: str
    refused: str
    types: list[str]
    values: dict[str, str]


class SignUp(Shape):
    """Somebody who filled in a page of yours."""

    email: Annotated[str, Field(max_length=400)]
    values: dict[str, str | list[str]] = Field(default={}, description="By attribute, as people write them.")
    types: list[Line] = Field(default=[], description="Of mail; of a form with one it is that one.")
    agreed: bool = Field(default=False, description="They ticked what the form has them agree to.")
    language: Line = ""
    origin: Line = Field(default="", description="Their network address; kept with web.keep_consent_address alone.")


class Asked(Shape):
    """A mail asks them to confirm."""

    email: str


@router.get("")
def list_forms(request: Request, who: Looking, after: AfterText = "", limit: Limit = 100) -> Page[FormOut]:
    """All, by name."""
    with forms(who.desk.data_dir) as connection:
        found = [one for one in store.listed(connection) if one.form.name > after]
        figures = counting.figures(connection)
    return paged(request, found[: limit + 1], limit, lambda one: one.form.name, "after", lambda one: _out(one, figures))


@router.post("", status_code=201)
def create(who: Editing, given: FormIn, response: Response) -> FormOut:
    """Make one."""
    form = form_storing.checked(who, _form(given, given.name))
    with forms(who.desk.data_dir) as connection:
        made = store.create(connection, form, who.name, who.desk.clock.time())
    who.note("form.added", f"form {form.name}")
    response.headers["Location"] = f"/api/v1/forms/{form.name}"
    return _answered(response, made, {})


@router.get("/{name}")
def one(who: Looking, name: FormName, response: Response) -> FormOut:
    """One of them, with what it was filled in."""
    with forms(who.desk.data_dir) as connection:
        return _answered(response, store.find(connection, name), counting.figures(connection))


@router.put("/{name}")
def change(who: Editing, name: FormName, given: FormBody, response: Response, if_match: IfMatch = "") -> FormOut:
    """Have it so: a new version, if anything is another. What is left out is as in a new one."""
    with forms(who.desk.data_dir) as connection:
        there = store.find(connection, name)
        see_match(if_match, _etag(there))
        form = form_storing.checked(who, _form(given, name), there.form.response)
        now = store.change(connection, form, there.version, who.name, who.desk.clock.time())
        if now.version != there.version:
            who.note("form.changed", f"form {name}", f"version {now.version}")
        return _answered(response, now, counting.figures(connection))


@router.put("/{name}/closed")
def close(who: Editing, name: FormName, given: Closed) -> Closed:
    """Take no more answers, or again. Not while a mailing that waits for its date leads to it."""
    form_storing.close(who, name, closed=given.closed)
    who.note("form.closed" if given.closed else "form.opened", f"form {name}")
    return given


@router.get("/{name}/answers")
def list_answers(
    request: Request, who: Looking, name: FormName, before: Before = 0, limit: Limit = 100
) -> Page[AnswerOut]:
    """What was answered, the newest first."""
    with forms(who.desk.data_dir) as connection:
        store.find(connection, name)
        found = answers.listed(connection, name, before=before, limit=limit + 1)
    return paged(request, found, limit, lambda one: one.id, "before", _answer)


@router.post("/{name}/answers", status_code=202)
def sign_up(who: Sending, name: FormName, given: SignUp) -> Asked:
    """Somebody signs up: a mail asks them to confirm, and what they said is taken over when they follow its link."""
    with forms(who.desk.data_dir) as connection:
        new = _new(who, store.find(connection, name), given)
        if not answers.sign_up(connection, new):
            raise Problem("not_now", f"This mailbox was sent {answers.MAILS} mails in a day.", remedy="Wait a day.")
    return Asked(email=new.email)


@router.post("/{name}/answers/{answer}/mail", status_code=202)
def ask_again(who: Sending, name: FormName, answer: Annotated[int, Path(ge=1, lt=2**63)]) -> Asked:
    """The mail that asks them to confirm goes once more, within the bounds of signing up. The link stays the same."""
    with forms(who.desk.data_dir) as connection:
        found = answers.find(connection, answer)
        if found is None or found.form != name:
            raise rules.NoSuchForm(f"the form {name} has no answer {answer}; GET /forms/{name}/answers lists them")
        try:
            answers.ask_again(connection, answer, who.desk.clock.time())
        except rules.FormFault as fault:
            detail, _, remedy = str(fault).partition("; ")
            raise Problem("not_now", detail, remedy=remedy) from None
    who.note("form.asked_again", f"form {name}", f"answer {answer}")
    return Asked(email=found.email)


def _new(who: Caller, stored: Stored, given: SignUp) -> New:
    """Raises Problem for what a page would not take."""
    form = stored.form
    if stored.closed or not form.public or who.desk.config.web.public_url is None:
        why = "takes no more answers" if stored.closed else "is for readers of mailings"
        why = why if who.desk.config.web.public_url else "has no pages: [web] public_url is not set"
        raise Problem("not_now", f"The form {form.name} {why}.")
    language = form.language(given.language)
    posted = {PREFIX + key: [value] if isinstance(value, str) else value for key, value in given.values.items()}
    posted |= {EMAIL: [given.email], TYPES: given.types, CONSENT: ["yes"] * given.agreed}
    got = filled(form, language, form_storing.known(who.desk).attributes, posted, reader=False)
    unknown = given.values.keys() - {asked.name for asked in form.fields}
    if got.wrong or unknown:
        wrong = dict.fromkeys(unknown, "unknown") | {key.removeprefix(PREFIX): why for key, why in got.wrong.items()}
        errors = [{"field": field, "detail": why.replace("_", " ")} for field, why in sorted(wrong.items())]
        raise Problem("invalid", "The form would not take that.", errors=errors)
    origin = given.origin if who.desk.config.web.keep_consent_address else ""
    asked = (got.email, got.subject, got.types, got.values)
    return New(form.name, stored.version, who.desk.clock.time(), language, *asked, origin)


def _form(given: FormBody, name: str) -> rules.Form:
    return rules.read(json.dumps(given.model_dump() | {"name": name}))


def _answered(response: Response, stored: Stored, figures: dict[str, Figures]) -> FormOut:
    response.headers["ETag"] = _etag(stored)
    return _out(stored, figures)


def _etag(stored: Stored) -> str:
    return etag_of([stored.form.name, stored.version])


def _out(stored: Stored, figures: dict[str, Figures]) -> FormOut:
    counts = figures.get(stored.form.name, _NOBODY)._asdict()
    del counts["last"]
    told = json.loads(rules.written(stored.form)) | counts
    return FormOut(**told, version=stored.version, at=stored.at, who=stored.who, closed=stored.closed)


def _answer(answer: Answer) -> AnswerOut:
    shown = {name: getattr(answer, name) for name in AnswerOut.model_fields if name != "types"}
    return AnswerOut(**shown, types=list(answer.types))

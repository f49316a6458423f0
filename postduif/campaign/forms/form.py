"""A form: what is asked, in which words, for which types of mail. A plain value, and JSON. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError

from postduif.campaign.audience.mail_address import check
from postduif.campaign.unfit import unfit
from postduif.errors import AddressError, PostduifError

NAME = r"[a-z0-9][a-z0-9-]{0,29}"
"""Shorter than a token."""
MAX_FIELDS = 40
MAX_CHOICES = 50
MAX_CONSENT = 800
"""Characters: the proof of consent holds them all."""
EVERYBODY_HAS = ("name", "language")
"""What may be asked of everybody, besides attributes."""

_STORED = ConfigDict(extra="forbid")
_Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)]
_LANGUAGE = re.compile(r"[a-z]{2}")
_ORIGIN = re.compile(r"(?:https://[A-Za-z0-9.-]+|http://(?:localhost|127\.0\.0\.1))(?::[0-9]{1,5})?")
_PAGE = re.compile(rf"{_ORIGIN.pattern}(?:[/?#]\S*)?")


class FormFault(PostduifError):  # noqa: N818  the name says what is the case
    """A form that cannot be so; the text names the remedy."""


class NoSuchForm(FormFault):
    """None has that name, or no such version of it."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of one language; those that are empty are ours."""

    __pydantic_config__: ClassVar[ConfigDict] = _STORED

    title: _Line = ""
    intro: _Text = ""
    consent: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_CONSENT)] = ""
    """What people agree to, beside a box that they have to tick. Without it they agree to what the button says."""
    button: _Line = ""
    thanks: _Text = ""
    """After an answer to a mailing, and after a confirmation."""
    subject: _Line = ""
    """Of the mail that asks to confirm."""
    mail: _Text = ""
    """Its text; {link} is where the link goes, at its end if it is not named."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One attribute that is asked."""

    __pydantic_config__: ClassVar[ConfigDict] = _STORED

    name: _Line
    """Of the attribute, or `name`."""
    needed: bool = False
    labels: dict[str, _Line] = field(default_factory=dict)
    """By language."""
    choices: tuple[_Line, ...] = ()
    """For texts and lists: what there is to choose; none: anything may be written."""


@dataclass(frozen=True, slots=True)
class Form:
    """All of one."""

    __pydantic_config__: ClassVar[ConfigDict] = _STORED

    name: _Line
    """In its address: small letters, digits and hyphens."""
    texts: dict[str, Texts] = field(default_factory=lambda: {"en": Texts()})
    """By language, two letters; the first is for whoever wants another."""
    fields: tuple[Asked, ...] = ()
    types: tuple[_Line, ...] = ()
    """Of mail. One is asked for by signing up; of several people tick which."""
    public: bool = True
    """Anybody may sign up at /f/NAME; else only readers of mailings come here."""
    sender: _Line = ""
    """The address that the mail comes from which asks to confirm; needed where anybody may sign up."""
    sender_name: _Line = ""
    redirect: _Line = ""
    """Where people are led when they have sent the form; "": to a page of ours."""
    origins: tuple[_Line, ...] = ()
    """Sites that may have the form in pages of theirs."""
    response: int = 0
    """The number of a template. Who was taken over gets a mailing made of it; 0: nothing."""

    def language(self, wanted: str) -> str:
        """That one, or the first."""
        return wanted if wanted in self.texts else next(iter(self.texts))


_ADAPTER = TypeAdapter(Form)


def written(form: Form) -> str:
    """As JSON."""
    return _ADAPTER.dump_json(form).decode()


def read(stored: str) -> Form:
    """Of JSON. Raises FormFault."""
    try:
        return _ADAPTER.validate_json(stored)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise FormFault(unfit(".".join(map(str, first["loc"])) or "the form", first)) from None


def checked(form: Form, attributes: Collection[str], types: Collection[str]) -> Form:
    """The form with its texts stripped, if it can be so. Raises FormFault."""
    form = read(written(form))
    if not re.fullmatch(NAME, form.name):
        raise FormFault(
            f"{form.name!r} is no name of a form; write up to 30 small letters, digits and -, as newsletter"
        )
    if not form.texts or not all(map(_LANGUAGE.fullmatch, form.texts)):
        raise FormFault("a form needs a language; tick one")
    _check_fields(form, attributes)
    if unknown := [name for name in form.types if name not in types]:
        raise FormFault(f"there is no type of mail {unknown[0]!r}; choose another, or make it")
    if not form.types and not form.fields:
        raise FormFault("the form asks nothing; choose a type of mail or an attribute")
    if form.public:
        _check_sender(form)
    if form.redirect and not _PAGE.fullmatch(form.redirect):
        raise FormFault("the page that people are led to begins with https://")
    for origin in form.origins:
        if not _ORIGIN.fullmatch(origin):
            raise FormFault(f"{origin!r} is no site; write https:// and its host, as https://www.example.com")
    return form


def _check_fields(form: Form, attributes: Collection[str]) -> None:
    names = [one.name for one in form.fields]
    if len(names) > MAX_FIELDS or len(set(names)) < len(names):
        raise FormFault(f"at most {MAX_FIELDS} attributes are asked, and each once")
    for one in form.fields:
        if one.name not in attributes and one.name not in EVERYBODY_HAS:
            raise FormFault(f"there is no attribute {one.name!r}; it was removed, or has another name now")
        if len(one.choices) > MAX_CHOICES:
            raise FormFault(f"{one.name} has {len(one.choices)} choices; {MAX_CHOICES} is the most")


def _check_sender(form: Form) -> None:
    try:
        check(form.sender)
    except AddressError as error:
        raise FormFault(f"the mail that asks to confirm needs a sender of yours: {error}") from None


def site_of(url: str) -> str:
    """Scheme and host of an address, as browsers name where a form comes from."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"

"""What was posted, read against the form that was shown: values that can be stored, or what is wrong with each field.

Pure. Nothing that the form does not ask for is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from postduif.campaign.audience.attributes import Attribute, Kind
from postduif.campaign.audience.mail_address import check
from postduif.campaign.audience.values import ValueFault, read
from postduif.campaign.forms.form import EVERYBODY_HAS, Asked, Form
from postduif.errors import AddressError

MAX_VALUE = 1000
"""Characters of one answer."""
EMAIL, CONSENT, TYPES = "email", "consent", "type"
"""Names of fields that are no attributes."""
PREFIX = "a_"
"""What the names of the others begin with."""
TRAP = "homepage"
"""A field that nobody sees; who fills it in is a program."""
NEEDED, WRONG, ADDRESS, CHOOSE, AGREE = "needed", "wrong_value", "wrong_address", "choose_one", "agree_first"
"""What is wrong with a field: names of words."""

Posted = Mapping[str, Sequence[str]]


class Filled(NamedTuple):
    """An answer, as far as it is one."""

    email: str
    subject: str
    types: tuple[str, ...]
    values: dict[str, str]
    """By attribute, as `contacts.change` takes them; what was left empty is not there."""
    wrong: dict[str, str]
    """By name of field, what is wrong with it; empty: nothing is."""


def filled(form: Form, language: str, attributes: Mapping[str, Attribute], posted: Posted, *, reader: bool) -> Filled:
    """`reader`: somebody whom a mailing's link names, so that no address is asked."""
    wrong: dict[str, str] = {}
    email = subject = ""
    if not reader:
        try:
            email, subject = check(_one(posted, EMAIL))
        except AddressError:
            wrong[EMAIL] = ADDRESS
    values = {}
    for asked in form.fields:
        if asked.name in attributes or asked.name in EVERYBODY_HAS:
            text, fault = _value(asked, attributes.get(asked.name), posted)
            if fault:
                wrong[PREFIX + asked.name] = fault
            elif text:
                values[asked.name] = text
    ticked = set(posted.get(TYPES, ()))
    types = tuple(name for name in form.types if name in ticked) if offers(form, reader=reader) else form.types
    if form.types and not types and not reader:
        wrong[TYPES] = CHOOSE
    if form.texts[language].consent and not _one(posted, CONSENT) and (types or not reader):
        wrong[CONSENT] = AGREE
    return Filled(email, subject, types, values, wrong)


def offers(form: Form, *, reader: bool) -> bool:
    """Whether types of mail are ticked: who signs up at a form with one type asks for that."""
    return len(form.types) > 1 or (reader and bool(form.types))


def _value(asked: Asked, attribute: Attribute | None, posted: Posted) -> tuple[str, str]:
    """The text, and what is wrong."""
    several = [text.strip() for text in posted.get(PREFIX + asked.name, ()) if text.strip()]
    if not several:
        return "", NEEDED if asked.needed else ""
    kind = attribute.kind if attribute else Kind.TEXT
    if asked.choices and not set(several) <= set(asked.choices):
        return "", WRONG
    text = "; ".join(several) if kind is Kind.LIST else several[-1]
    if len(text) > MAX_VALUE:
        return "", WRONG
    try:
        read(kind, text)
    except ValueFault:
        return "", WRONG
    return text, ""


def _one(posted: Posted, name: str) -> str:
    return (posted.get(name) or ("",))[-1].strip()

"""Forms for tests, on file in an installation."""

from __future__ import annotations

from pathlib import Path

from postduif.campaign.audience.attributes import Kind, declare
from postduif.campaign.audience.connection import audience
from postduif.campaign.database import transaction
from postduif.campaign.forms import store
from postduif.campaign.forms.answers import Answer, listed
from postduif.campaign.forms.connection import forms
from postduif.campaign.forms.form import Asked, Form, Texts
from postduif.campaign.forms.store import Stored

NEWSLETTER = Form(
    "newsletter",
    {
        "en": Texts("The weekly news", "Every Friday.", "I agree to get the weekly news."),
        "nl": Texts("Het weeknieuws", consent="Ik wil het weeknieuws."),
    },
    (
        Asked("name", labels={"nl": "Uw naam"}),
        Asked("age", needed=True),
        Asked("likes", choices=("bread", "cake")),
    ),
    ("offers",),
    sender="news@sender.example",
    sender_name="News",
)
SURVEY = Form("survey", {"en": Texts("How was it?")}, (Asked("age"), Asked("member")), ("news", "offers"), public=False)


def put(data_dir: Path, *made: Form) -> list[Stored]:
    """On file, with the attributes that they ask for."""
    with audience(data_dir) as connection, transaction(connection):
        for name, kind in (("age", Kind.NUMBER), ("likes", Kind.LIST), ("member", Kind.BOOLEAN)):
            declare(connection, name, kind, name.title())
    with forms(data_dir) as connection:
        return [store.create(connection, one, "anna", 1.0) for one in made]


def answered(data_dir: Path, form: str = "newsletter") -> list[Answer]:
    """All answers, the oldest first."""
    with forms(data_dir) as connection:
        return listed(connection, form, limit=1000)[::-1]

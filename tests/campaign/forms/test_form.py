"""A form that cannot be so is refused with a remedy; one that can comes back from the file; links are ours alone."""

from __future__ import annotations

import datetime
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.forms import confirmation, store
from postduif.campaign.forms.confirmation import Link
from postduif.campaign.forms.connection import forms
from postduif.campaign.forms.form import MAX_FIELDS, Asked, Form, FormFault, NoSuchForm, Texts, checked, read, written
from postduif.campaign.forms.named import named, refuse_if_named, unfit
from postduif.campaign.mailings import editing, occasions
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.linked import refuse_if_awaited
from postduif.campaign.mailings.record import Draft, Policy
from postduif.campaign.mailings.schedule import Schedule
from tests.campaign.forms.made import NEWSLETTER, SURVEY, put

KEYS = (b"k" * 32, b"o" * 32)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"name": "News letter"}, "name of a form"), ({"name": "a" * 31}, "name of a form"),
        ({"texts": {}}, "language"), ({"texts": {"english": Texts()}}, "language"),
        ({"fields": (Asked("weight"),)}, "no attribute"),
        ({"fields": (Asked("age"), Asked("age"))}, "each once"), ({"types": ("spam",)}, "no type of mail"),
        ({"fields": tuple(Asked("age") for _ in range(MAX_FIELDS + 1))}, "At most"),
        ({"sender": "me"}, "sender of yours"), ({"fields": (), "types": ()}, "asks nothing"),
        ({"redirect": "javascript:alert(1)"}, "https://"),
        ({"redirect": "https://good.example@evil.example/"}, "https://"), ({"origins": ("*",)}, "no site"),
        ({"origins": ("https://x.example; script-src *",)}, "no site"), ({"texts": {"en": Texts("x" * 300)}}, "200"),
        ({"fields": (Asked("age", choices=tuple(map(str, range(60)))),)}, "choices"),
    ],
)  # fmt: skip
def test_what_cannot_be(changed: dict[str, object], says: str) -> None:
    """Is refused, and it is said why."""
    with pytest.raises(FormFault, match=f"(?i){says}"):
        checked(replace(NEWSLETTER, **changed), {"age", "likes"}, {"offers"})  # type: ignore[arg-type]


@pytest.mark.parametrize("form", [NEWSLETTER, SURVEY])
def test_stored(form: Form) -> None:
    """What can be is unchanged, and JSON gives it back."""
    assert checked(form, {"age", "likes", "member"}, {"offers", "news"}) == read(written(form)) == form


def test_versions(tmp_path: Path) -> None:
    """Each change is a version beside the others, none is ever changed, and nobody undoes another's unseen."""
    tmp_path.chmod(0o700)
    put(tmp_path / "data", NEWSLETTER)
    other = replace(NEWSLETTER, sender_name="Other")
    with forms(tmp_path / "data") as connection:
        assert store.change(connection, NEWSLETTER, 1, "bob", 2.0).version == 1
        assert store.change(connection, other, 1, "bob", 2.0).version == 2
        with pytest.raises(FormFault, match="bob stored version 2 meanwhile"):
            store.change(connection, NEWSLETTER, 1, "anna", 3.0)
        with pytest.raises(FormFault, match="already"):
            store.create(connection, NEWSLETTER, "anna", 3.0)
        with pytest.raises(NoSuchForm, match="newsletter"):
            store.find(connection, "newsleter")
        assert store.find(connection, "newsletter", 1).form == NEWSLETTER
        assert [one.form for one in store.listed(connection)] == [other]


def test_named(tmp_path: Path) -> None:
    """A form that a mailing leads to is there, open, and for whom its link is; one that waits keeps it open."""
    tmp_path.chmod(0o700)
    put(tmp_path, NEWSLETTER, SURVEY)
    url = "https://news.example"
    links = ["{{ form_url }}/survey", "[[ form_url ]]/gone?x=1", f"{url}/f/newsletter", f"{url}/f/survey#top"]
    links += [f"{url}/f/{'A' * 32}", "https://other.example/f/other", "/f/other", f"{url}/f/other-/x"]
    assert named(links, url) == {"survey": True, "gone": False, "newsletter": True}
    assert [one.partition(" (")[0] for one in unfit(tmp_path, links, url)] == ["survey", "gone"]
    assert unfit(tmp_path, links[:1], url) == ()
    with forms(tmp_path) as connection:
        store.close(connection, "survey", closed=True)
    assert unfit(tmp_path, links[:1], url) == ("survey (it takes no more answers)",)
    assert unfit(tmp_path / "nothing", links[:1], url) == ("survey (there is none)",)
    draft = Draft("Weekly", content='{"body": "{{ form_url }}/survey"}', target=Spec(persons=("#1",), mail_type="news"))
    with mailings(tmp_path) as connection:
        weekly = editing.create(connection, draft._replace(policy=Policy.NEWEST), ("default",), By("anna", 1.0))
        refuse_if_named(tmp_path, "survey", url)
        when = Schedule(datetime.datetime(2030, 1, 1), "UTC")  # noqa: DTZ001  a local time has no zone
        occasions.schedule(connection, weekly, when, By("anna", 1.0))
    with pytest.raises(MailingFault, match="planned and leads to survey"):
        refuse_if_named(tmp_path, "survey", url)
    refuse_if_named(tmp_path, "newsletter", url)
    refuse_if_awaited(tmp_path, "types", "offers")
    with pytest.raises(MailingFault, match="planned and is of the type News"):
        refuse_if_awaited(tmp_path, "types", "News")


def test_links() -> None:
    """A link says what it was made of, with any of our keys; no octet of it can be another."""
    link = Link(7, 1_800_000_000, confirmation.digest("a@b.example", '["news"]'))
    assert link.digest != confirmation.digest("a@b.example", "[]")
    token = confirmation.make(KEYS[1], link)
    assert confirmation.read(KEYS, token) == link
    assert confirmation.read(KEYS[:1], token) is None
    for place in range(len(token)):
        assert (
            confirmation.read(KEYS, token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]) is None
        )
    assert [confirmation.read(KEYS, text) for text in ("", "x", token + "A", "é" * 48)] == [None] * 4


def test_shown() -> None:
    """When a form was shown is signed for that form, and counts from two seconds after to a day after."""
    text = confirmation.shown(KEYS[0], "news", 1000.0)
    ages = [(1001.0, False), (1002.0, True), (87400.0, True), (87401.0, False)]
    assert [confirmation.in_time(KEYS, "news", text, at) for at, _ in ages] == [good for _, good in ages]
    later = text[:16] + struct.pack("<I", 2000).hex()
    wrong = (later, "", "xyz", text[:-2], text + "00")
    assert not any(confirmation.in_time(KEYS, "news", one, 2010.0) for one in wrong)
    assert not confirmation.in_time(KEYS, "other", text, 1010.0)

"""What a mailing still needs, how many it means, and what one person would see, before anything is prepared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.content.draft import begun
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Counts, Draft, Mailing, Run, State
from postduif.campaign.preparing.estimate import estimate, nth
from postduif.campaign.preparing.previewing import seen_by
from postduif.campaign.preparing.readiness import names_of, steps
from postduif.errors import TemplateError
from tests.campaign.installation import NOW, Content, Installation, Mailbox
from tests.dns_server import DnsServer

PEOPLE = ("ann@one.example", "ben@two.example", "cas@two.example")


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Installation]:
    """With three people; nobody asks its name server."""
    with DnsServer("") as dns:
        yield Installation(tmp_path, dns, PEOPLE)


def missing(there: Installation, mailing: Mailing) -> list[str]:
    """What is missing, of all steps."""
    with audience(there.data_dir) as people:
        return [text for step in steps(people, there.config, mailing, NOW) for text in step.missing]


def test_all_right(there: Installation) -> None:
    """A prepared mailing without errors misses nothing; without a type of mail there is a remark."""
    mailing = there.mailing()._replace(state=State.PREPARED, run=Run(1, Counts(3, 0)))
    assert missing(there, mailing) == []
    with audience(there.data_dir) as people:
        setup, *_ = steps(people, there.config, mailing, NOW)
    assert [text.partition(",")[0] for text in setup.remarks] == ["without a type of mail"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"content": "{}"}, "no subject"),
        ({"content": "{}"}, "no address"),
        ({"content": "{}"}, "no text"),
        ({"content": '{"subject": "{{ nobody }}", "sender": {"address": "a@b.example"}, "text": "x"}'}, "nobody"),
        ({"content": '{"subject": 7}'}, "cannot be read"),
        ({"target": Spec()}, "nobody is meant"),
        ({"target": Spec(selections=("Gone",))}, "Gone"),
        ({"target": Spec(condition="((")}, "condition"),
        ({"target": Spec(condition="id > 0", mail_type="gone")}, "gone"),
        ({"stream": "gone"}, "no stream"),
        ({}, "prepare it"),
    ],
)
def test_missing(there: Installation, change: dict[str, object], said: str) -> None:
    """Each thing that is missing is told on its own step."""
    mailing = there.mailing()
    draft: Draft = mailing.draft._replace(**change)  # type: ignore[arg-type]
    assert any(said in text for text in missing(there, mailing._replace(draft=draft)))


def test_counted(there: Installation) -> None:
    """Sources, causes and who is left; the people one by one, and beyond the last it is the last."""
    spec = Spec(condition="id > 0", exclude_domains=("two.example",))
    with audience(there.data_dir) as people:
        found = estimate(people, there.data_dir, spec, NOW)
        places = [nth(people, there.data_dir, spec, NOW, place) for place in (0, 2, 9)]
        nobody = nth(people, there.data_dir, Spec(condition="id > 99"), NOW, 0)
    assert (found.gathered.people, found.excluded, found.to_deliver) == (3, {"excluded_domain": 2}, 1)
    assert places == [(1, 3), (3, 3), (3, 3)]
    assert nobody == (0, 0)


def test_seen(there: Installation) -> None:
    """The real message of that person, untracked; marked, a variable that leaves a hole has its name there."""
    content = Content("To {{ name }}", Mailbox("news@sender.example"), body="<b>{{ language }}</b>")
    mailing = there.mailing(content)
    with mailings(there.data_dir) as connection:
        plain, marked = (
            seen_by(connection, there.config, mailing, "ben@two.example", NOW, marked=marked)
            for marked in (False, True)
        )
    assert dict(plain.preview.fields)["Subject"] == "To Ben"
    assert plain.preview.empty == ("language",)
    assert ("<b></b>" in plain.preview.html, "<b>\u27e6language\u27e7</b>" in marked.preview.html) == (True, True)


def test_names(there: Installation) -> None:
    """What is known of everybody, as templates write it."""
    with audience(there.data_dir) as people:
        names = names_of(people, there.mailing())
    assert {"email", "name", "language", "customer.name"} <= set(names)


def test_begun() -> None:
    """A content that was hardly begun can be read; one that is wrong cannot."""
    assert begun('{"preheader": "x"}').preheader == "x"
    assert begun("{}").sender == Mailbox("")
    for text in ("[", '{"unknown": 1}'):
        with pytest.raises(TemplateError):
            begun(text)

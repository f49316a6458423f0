"""A mailing is prepared: who gets it, what they get, what forbids it; stopped, failed, and done again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from postduif.bounce.address_state import Event, What
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.subscriptions import SubscriptionType, save_type
from postduif.campaign.database import transaction
from postduif.campaign.mailings import running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import State
from postduif.campaign.mailings.waves import Waves
from postduif.campaign.preparing import preparation
from postduif.campaign.preparing import report as reports
from postduif.campaign.preparing.doing import do_prepare
from postduif.campaign.preparing.places import preparing, progress_of
from postduif.campaign.preparing.preparation import Stopped
from postduif.campaign.tracking.links import destination, links_of
from postduif.config.schema import Web
from postduif.errors import PostduifError
from postduif.mta.merge.stored import merge_of
from postduif.mta.merged import order_of
from postduif.queue.inspect import looking
from postduif.queue.mailing import read_terms
from postduif.queue.mailing_file import hand_over
from tests.campaign.audience.people import a_suppression_list
from tests.campaign.installation import CONTENT, FEW_RULES, NOW, WHO, Installation, Seed, Spec
from tests.dns_server import DnsServer
from tests.fakes import FakeClock

PEOPLE = [*(f"p{number}@{domain}.example" for number in range(30) for domain in ("one", "two")), "bad@one.example"]


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    """Knows nobody."""
    with DnsServer() as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, dns: DnsServer) -> Installation:
    """With sixty people, and one who cannot be written to."""
    place = Installation(tmp_path, dns, PEOPLE)
    with audience(place.data_dir) as connection:  # as an import leaves it
        connection.execute("UPDATE contact SET invalid = 'syntax' WHERE email LIKE 'bad%'")
    return place


def rows(place: Installation, query: str, number: int = 1) -> list[tuple[object, ...]]:
    """What the prepared file says."""
    with looking(place.places.prepared(number)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("apart", [1, 20_000])
def test_targeted_is_excluded_and_to_deliver(place: Installation, apart: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is in the file: with their values to be written to, or with the cause why not."""
    monkeypatch.setattr(preparation, "READ_APART", apart)  # a process of its own for sixty people, too
    place.data_dir.chmod(0o700)
    a_suppression_list(place.data_dir, [Event("p3@one.example", What.HARD, NOW, "smtp", "550 5.1.1 no")])
    mailing = place.begun(place.mailing(typology=FEW_RULES))
    report = do_prepare(place.config, mailing.number, WHO, FakeClock(NOW))
    assert report is not None
    assert (report.targeted, report.to_deliver) == (61, 59)
    assert report.excluded == {"invalid_syntax": 1, "quarantine": 1}
    assert place.look(1).state is State.PREPARED
    assert place.look(1).run.counts == (61, 2, 0, 0)
    assert rows(place, "SELECT address, cause FROM excluded ORDER BY id") == [
        ("p3@one.example", "quarantine"),
        ("bad@one.example", "invalid_syntax"),
    ]
    assert rows(place, "SELECT count(*), count(DISTINCT address), min(hold), max(hold) FROM recipient") == [
        (59, 59, 0, 0)
    ]
    assert reports.read(place.places.report(1)) == report
    assert not list(place.places.prepared_folder.glob("*.new"))


def test_what_is_stored_is_what_they_get(place: Installation) -> None:
    """Template and values of the file render to each person's own message."""
    place.begun(place.mailing(typology=FEW_RULES))
    do_prepare(place.config, 1, WHO, FakeClock(NOW))
    ((template,),) = rows(place, "SELECT content FROM body")
    merge = merge_of(bytes(template))
    given = {
        "date": "Thu, 12 Mar 2026 09:30:00 +0000",
        "message_id": "<1@x.example>",
        "list_unsubscribe": "<mailto:u@x>",
    }
    for address, merge_values in rows(place, "SELECT address, merge FROM recipient"):
        values = dict(zip(order_of(merge), json.loads(str(merge_values)), strict=True)) | given
        name = str(address).partition("@")[0].title()
        message = message_from_bytes(merge.render(values), policy=policy.default)
        assert (message["To"], message["Subject"]) == (address, f"For {name}")
        assert f"Dear {name}," in message.get_content()


def test_tracked_links_go_along(place: Installation) -> None:
    """They are beside the queue file, and still there when it was handed over; a mailing without has no such file."""
    place.config = place.config.model_copy(update={"web": Web(public_url="https://news.example.com")})
    tracked = place.begun(place.mailing(replace(CONTENT, text="https://x.example/{{ name }}"), typology=FEW_RULES))
    plain = place.begun(place.mailing(CONTENT, typology=FEW_RULES))
    for one in (tracked, plain):
        do_prepare(place.config, one.number, WHO, FakeClock(NOW))
        hand_over(place.places.prepared(one.number), place.data_dir, at=NOW, expires_at=NOW + 1, waves=())
    (link,) = links_of(place.data_dir, tracked.number)
    assert destination(link, {"a": "Ann & Bob"}) == "https://x.example/Ann & Bob"
    assert links_of(place.data_dir, plain.number) == ()


def test_waves_have_their_sizes(place: Installation) -> None:
    """Each wave has exactly so many, of all domains; seeds are in the first."""
    content = replace(CONTENT, seeds=(Seed("seed@sender.example"),))
    place.begun(place.mailing(content, typology=FEW_RULES, waves=Waves(counts=(20, 30), period=3600.0)))
    report = do_prepare(place.config, 1, WHO, FakeClock(NOW))
    assert report is not None
    assert (report.waves, report.seeds) == ((20, 30, 10), 1)
    assert dict(rows(place, "SELECT hold, count(*) FROM recipient GROUP BY hold")) == {0: 21, 2: 30, 3: 10}
    seeds = "SELECT r.address, r.hold FROM person p JOIN recipient r ON r.id & 16777215 = p.number WHERE p.seed"
    assert rows(place, seeds) == [("seed@sender.example", 0)]
    assert rows(place, "SELECT id, owner, until FROM hold") == [(2, "wave", None), (3, "wave", None)]


def test_the_type_as_it_is_stored(place: Installation) -> None:
    """The MTA is told the name that the suppression list knows, in whatever capitals it was typed."""
    with audience(place.data_dir) as connection, transaction(connection):
        save_type(connection, SubscriptionType("Offers", "Offers", "", everybody=True, confirm=False))
    place.begun(place.mailing(target=Spec(condition="id > 0", mail_type="offERS"), typology=FEW_RULES))
    assert do_prepare(place.config, 1, WHO, FakeClock(NOW)) is not None
    with looking(place.places.prepared(1)) as connection:
        assert read_terms(connection).mail_type == "Offers"


def test_an_error_forbids_it(place: Installation) -> None:
    """A rule's error makes it fail, leaves no file, and is in the report with its remedy."""
    place.begun(place.mailing(replace(CONTENT, subject="For {{ nmae }}"), typology='{"levels": {}}'))
    report = do_prepare(place.config, 1, WHO, FakeClock(NOW))
    assert report is not None
    assert report.errors
    seen = place.look(1)
    assert seen.state is State.FAILED
    assert "did you mean name?" in seen.reason
    assert not place.places.prepared(1).exists()


def test_nobody_meant_makes_it_fail(place: Installation) -> None:
    """What makes the target impossible is the reason that it failed."""
    place.begun(place.mailing(target=Spec(selections=("nowhere",))))
    with pytest.raises(PostduifError, match="nowhere"):
        do_prepare(place.config, 1, WHO, FakeClock(NOW))
    assert place.look(1).state is State.FAILED
    assert "nowhere" in place.look(1).reason


def test_stopped_in_the_middle(place: Installation) -> None:
    """Somebody stops it while it runs: a draft again, and nothing is left of it."""
    place.begun(place.mailing(typology=FEW_RULES))

    def stop(done: int, of: int) -> None:
        with mailings(place.data_dir) as connection:
            running.stop_preparing(connection, place.look(1), By("bob", NOW))

    with pytest.raises(Stopped):
        do_prepare(place.config, 1, WHO, FakeClock(NOW), stop)
    assert place.look(1).state is State.DRAFT
    assert not list(place.places.prepared_folder.glob("1*/*"))


def test_others_see_how_far_it_is(place: Installation) -> None:
    """While it runs everybody can ask how many of how many people were looked at; before that nothing is known."""
    place.begun(place.mailing(typology=FEW_RULES))
    assert progress_of(place.places, 1) is None
    seen = []
    do_prepare(place.config, 1, WHO, FakeClock(NOW), lambda *_: seen.append(progress_of(place.places, 1)))
    assert seen[-1] == (len(PEOPLE), len(PEOPLE))
    with preparing(place.places, 1) as ours:
        assert ours
        assert progress_of(place.places, 1) is None


def test_one_prepares_at_a_time(place: Installation) -> None:
    """While somebody prepares it, nobody else begins."""
    place.begun(place.mailing(typology=FEW_RULES))
    with preparing(place.places, 1) as ours:
        assert ours
        assert do_prepare(place.config, 1, WHO, FakeClock(NOW)) is None
    assert do_prepare(place.config, 1, WHO, FakeClock(NOW)) is not None
    assert do_prepare(place.config, 1, WHO, FakeClock(NOW)) is None


def test_holes_are_counted(place: Installation) -> None:
    """For each variable it is known how many have nothing to show for it."""
    place.begun(place.mailing(replace(CONTENT, text="{{ name }} {{ language }}\n"), typology=FEW_RULES))
    report = do_prepare(place.config, 1, WHO, FakeClock(NOW))
    assert report is not None
    assert report.empty == {"language": 60}
    assert report.rendered == 60


def test_a_journal_gets_copies(place: Installation) -> None:
    """Each message goes to the journal address too, with the same values, in no figure."""
    place.begun(place.mailing(replace(CONTENT, journal="journal@sender.example"), typology=FEW_RULES))
    report = do_prepare(place.config, 1, WHO, FakeClock(NOW))
    assert report is not None
    assert (report.targeted, report.to_deliver) == (61, 60)
    copies = "SELECT r.merge FROM recipient r JOIN person p ON p.number = r.id & 16777215 WHERE p.seed = ? ORDER BY 1"
    assert rows(place, copies.replace("?", "1")) == rows(place, copies.replace("?", "0"))
    assert rows(place, "SELECT DISTINCT address FROM recipient JOIN person ON number = id & 16777215 WHERE seed") == [
        ("journal@sender.example",)
    ]

"""Who asked for which mail, and the proof of it."""

from __future__ import annotations

import sqlite3

import pytest

from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.contacts import profile
from postduif.campaign.audience.subscriptions import Proof, SubscriptionFault, SubscriptionState, SubscriptionType
from tests.campaign.audience.people import NOW, an_audience, person

NEWS = SubscriptionType("news", "News", "Once a month", everybody=False, confirm=True)
OFFERS = NEWS._replace(name="offers", confirm=False)
PROOF = Proof(NOW, "form v3", "sign-up form", "192.0.2.1")


def asked() -> tuple[sqlite3.Connection, int]:
    """Somebody who may ask for two types of mail."""
    connection = an_audience()
    for one in (NEWS, OFFERS):
        subscriptions.save_type(connection, one)
    return connection, person(connection, "ann@example.com")


def test_double_opt_in() -> None:
    """Who asks is unconfirmed until they follow the link, and each step has its proof."""
    connection, ann = asked()
    assert subscriptions.ask(connection, ann, NEWS, PROOF) is SubscriptionState.UNCONFIRMED
    subscriptions.confirm(connection, ann, NEWS, PROOF._replace(at=NOW + 60, source="link"))
    subscriptions.confirm(connection, ann, NEWS, PROOF._replace(at=NOW + 90, source="link"))
    assert subscriptions.ask(connection, ann, NEWS, PROOF._replace(at=NOW + 99)) is SubscriptionState.CONFIRMED
    found = profile(connection, ann)
    assert found["subscriptions"] == [{"type": "news", "state": "confirmed", "since": NOW + 60}]
    assert [(one["event"], one["at"], one["source"]) for one in found["consent"]] == [
        ("asked", NOW, "sign-up form"),
        ("confirmed", NOW + 60, "link"),
        ("asked", NOW + 99, "sign-up form"),
    ]
    assert found["consent"][0]["wording"] == "form v3"
    assert found["consent"][0]["origin"] == "192.0.2.1"


def test_single_opt_in() -> None:
    """Where no link is needed, who asks is confirmed."""
    connection, ann = asked()
    assert subscriptions.ask(connection, ann, OFFERS, PROOF) is SubscriptionState.CONFIRMED


def test_many_at_once() -> None:
    """Those who are confirmed already get no second proof; those who only asked do."""
    connection, ann = asked()
    bob, eve = person(connection, "bob@example.com"), person(connection, "eve@example.com")
    subscriptions.confirm(connection, ann, NEWS, PROOF)
    subscriptions.ask(connection, bob, NEWS, PROOF)
    subscriptions.confirm_all(connection, [ann, bob, eve], NEWS, PROOF._replace(source="import"))
    rows = connection.execute(
        "SELECT contact, source FROM consent WHERE event = 'confirmed' ORDER BY contact"
    ).fetchall()
    assert rows == [(ann, "sign-up form"), (bob, "import"), (eve, "import")]


def test_proof_is_never_changed() -> None:
    """Neither changed nor deleted as long as the person is there; a type that goes leaves the proofs."""
    connection, ann = asked()
    subscriptions.ask(connection, ann, NEWS, PROOF)
    with pytest.raises(sqlite3.IntegrityError, match="is never changed"):
        connection.execute("UPDATE consent SET wording = 'another'")
    with pytest.raises(sqlite3.IntegrityError, match="goes only with its person"):
        connection.execute("DELETE FROM consent")
    subscriptions.delete_type(connection, "NEWS")
    assert len(profile(connection, ann)["consent"]) == 1
    assert profile(connection, ann)["subscriptions"] == []


def test_faults() -> None:
    """A proof has a wording and a source; a type has a plain name; an unknown one gets the nearest."""
    connection, ann = asked()
    for act, said in (
        (lambda: subscriptions.ask(connection, ann, NEWS, PROOF._replace(wording=" ")), "which wording"),
        (lambda: subscriptions.save_type(connection, NEWS._replace(name="a b")), "is no name of a type"),
        (lambda: subscriptions.type_named(connection, "newz"), 'did you mean "news"?'),
    ):
        with pytest.raises(SubscriptionFault, match=said):
            act()

"""Which types of mail somebody gets, and why."""

from __future__ import annotations

from postduif.bounce.address_state import Cause, Entry, State
from postduif.bounce.address_state import Standing as OnList
from postduif.campaign.audience.standing import standings
from postduif.campaign.audience.subscriptions import Proof, SubscriptionType, ask, confirm, save_type
from postduif.campaign.database import transaction
from tests.campaign.audience.people import NOW, an_audience, person


def test_what_they_asked_for_and_left_decide() -> None:
    """Each type by itself: for everybody, not asked, waiting for the link, confirmed, left."""
    connection = an_audience()
    contact = person(connection, "bob@example.com")
    kinds = {
        "all": (True, False),
        "asked": (False, True),
        "left": (True, False),
        "never": (False, True),
        "yes": (False, True),
    }
    with transaction(connection):
        for name, (everybody, link) in kinds.items():
            save_type(connection, SubscriptionType(name, name, "", everybody, link))
        made = {name: SubscriptionType(name, name, "", *both) for name, both in kinds.items()}
        ask(connection, contact, made["asked"], Proof(NOW, "text", "form"))
        confirm(connection, contact, made["yes"], Proof(NOW, "text", "form"))
    state = State(OnList.SUPPRESSED, Cause.UNSUBSCRIBE, at=NOW)
    left = Entry("bob@example.com", "Left", state)
    found = {one.type.name: (one.words, one.gets) for one in standings(connection, contact, [left])}
    assert found == {
        "all": ("everybody gets it", True),
        "asked": ("unconfirmed", False),
        "left": ("unsubscribed", False),
        "never": ("not asked", False),
        "yes": ("confirmed", True),
    }
    assert not any(one.gets for one in standings(connection, contact, [left._replace(type="*")]))

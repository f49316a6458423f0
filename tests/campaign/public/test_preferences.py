"""The page on which readers choose: what it shows, and that only changes are asked for."""

from __future__ import annotations

import re

from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.subscriptions import Proof
from postduif.campaign.database import transaction
from tests.campaign.public.served import Served
from tests.campaign.tracking.readers import OFFERS


def ticked(html: str) -> set[str]:
    """The types and answers that are chosen on a page."""
    return set(re.findall(r'value="([^"]+)" checked', html))


def test_shown_and_changed(pages: Served) -> None:
    """What everybody gets is ticked, what one must ask for is not; a change shows at once, and is asked for once."""
    path = f"/p/{pages.token()}"
    assert ticked(pages.ask(path).text) == {"news", "yes"}
    assert pages.post(path, "do=save&type=news&tracking=yes").status == 200
    assert pages.wishes() == []
    assert pages.post(path, "do=save&type=offers&tracking=no").status == 200
    assert ticked(pages.ask(path).text) == {"offers", "no"}
    assert pages.wishes() == [
        (0, "unsubscribe", "news", "preferences"),
        (0, "resubscribe", "offers", "preferences"),
        (0, "no_tracking", "", "preferences"),
    ]
    assert pages.post(path, "do=leave").status == 200
    assert ticked(pages.ask(path).text) == {"no"}
    assert ticked(pages.ask(f"/p/{pages.token(1)}").text) == {"news", "yes"}


def test_what_is_not_offered(pages: Served) -> None:
    """A type that is not offered is shown to who asked for it, to leave it; nobody else can take it."""
    with audience(pages.data_dir) as connection, transaction(connection):
        subscriptions.save_type(connection, OFFERS._replace(offered=False))
        subscriptions.confirm(connection, 2, OFFERS, Proof(0.0, "asked", "a form"))
    stranger, member = f"/p/{pages.token()}", f"/p/{pages.token(1)}"
    assert "offers" not in pages.ask(stranger).text
    assert ticked(pages.ask(member).text) == {"news", "offers", "yes"}
    for path in (stranger, member):
        assert pages.post(path, "do=save&type=news&type=offers").status == 200
    assert pages.wishes() == []
    assert pages.post(member, "do=save&type=news").status == 200
    assert pages.wishes() == [(1, "unsubscribe", "offers", "preferences")]


def test_requests(pages: Served) -> None:
    """A copy or the end of what is known of them is asked for, for a person to see to."""
    path = f"/p/{pages.token(2)}"
    assert pages.post(path, "do=export").status == pages.post(path, "do=erase").status == 200
    assert [row[1] for row in pages.wishes()] == ["export", "erase"]
    assert pages.post(path, "do=dance").status == 400


def test_who_refused_is_not_seen(pages: Served) -> None:
    """After the answer nothing of that reader is written; links work as before."""
    assert pages.post(f"/p/{pages.token()}", "do=save&type=news&tracking=no").status == 200
    for number in (0, 1):
        assert pages.ask(f"/c/{pages.token(number)}/1").status == 302
        assert pages.ask(f"/o/{pages.token(number)}.gif").status == 200
    assert {row[0] for row in pages.visits(2)} == {1}

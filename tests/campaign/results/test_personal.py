"""What each mailing did with one person."""

from __future__ import annotations

from pathlib import Path

from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft
from postduif.campaign.results.personal import of_person
from postduif.queue.mailing_file import Excluded, Target
from tests.campaign.results.made import NUMBER, START, happens, mailing


def test_each_mailing_tells_what_it_did(tmp_path: Path) -> None:
    """Sent and bounced, waiting, excluded; who is in no mailing has none."""
    tmp_path.chmod(0o700)
    with mailings(tmp_path) as connection:
        for number in range(NUMBER + 1):
            editing.create(connection, Draft(f"letter {number}"), ("default",), By("anna", START))
    people = [
        Target("bob@example.com", "{}", 3),
        Target("ann@example.com", "{}", 4),
        Target("b@example.com", "{}", 3, 9),
    ]
    connection = mailing(tmp_path, people, [Excluded(5, 0, "eve@example.com", "unsubscribed")])
    numbers = {
        address: number for number, address in connection.execute("SELECT id & 16777215, address FROM recipient")
    }
    happens(connection, numbers["bob@example.com"], "delivered", code=250, text="ok")
    happens(
        connection, numbers["bob@example.com"], "bounced", START + 60, code=550, enhanced="5.1.1", text="no such user"
    )
    connection.close()
    bob = {one.address: one for one in of_person(tmp_path, 3).done}
    assert bob["bob@example.com"].state == "bounced"
    assert [(one.kind, one.words) for one in bob["bob@example.com"].steps] == [
        ("delivered", "250 ok"),
        ("bounced", "550 5.1.1 no such user"),
    ]
    assert bob["b@example.com"].state in ("pending", "prepared")
    (eve,) = of_person(tmp_path, 5).done
    assert (eve.state, eve.cause, eve.mailing.number) == ("excluded", "unsubscribed", NUMBER)
    assert of_person(tmp_path, 6) == ((), 0)
    assert of_person(tmp_path, 3, before=NUMBER).done == ()

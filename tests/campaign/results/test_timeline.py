"""One recipient, from prepared to the late bounce."""

from __future__ import annotations

from postduif.campaign.results.conversation import TAKEN, conversation
from postduif.campaign.results.states import State
from postduif.campaign.results.tally import Tally
from postduif.campaign.results.timeline import Event, numbers_of, started, timeline
from tests.campaign.results.made import START, happens, in_memory, lose, person

PEOPLE = [person(1, "Ann@one.example"), person(2, "bob@one.example", seed=True)]
HOST = {"host": "mx[192.0.2.1]:25", "source": "192.0.2.9", "tls": "TLSv1.3 X", "remote_mta": "mx.one.example"}
TOOK = {"in_queue": 1.5, "connect": 0.25, "transmit": 0.75}


def test_in_order() -> None:
    """Every attempt with host, TLS, reply and seconds; then the end and what came later, which are no attempts."""
    connection = in_memory(PEOPLE)
    happens(connection, 0, "deferred", START + 2.5, code=451, text="later", category="rate_limited", **HOST, **TOOK)
    happens(connection, 0, "delivered", START + 600, code=250, enhanced="2.0.0", text="Ok", **HOST, **TOOK)
    happens(connection, 0, "complained", START + 900, text="abuse", category="complaint")
    found = timeline(Tally(connection), 0)
    assert found is not None
    assert (found.recipient.state, found.recipient.address) == (State.DELIVERED, "Ann@one.example")
    assert [(one.kind, one.at, one.attempt) for one in found.events] == [
        ("prepared", None, 0),
        ("started", START, 0),
        ("deferred", START + 2.5, 1),
        ("delivered", START + 600, 2),
        ("complained", START + 900, 0),
    ]
    assert found.events[3] == Event(
        START + 600, "delivered", 2, 250, "2.0.0", "Ok", "mx.one.example", "", "mx[192.0.2.1]:25", "192.0.2.9",
        "TLSv1.3 X", 1.5, 0.25, 0.75,
    )  # fmt: skip


def test_as_it_was_spoken() -> None:
    """Up to the command that was answered so; what came before was taken, and what came before MAIL names none."""
    connection = in_memory(PEOPLE)
    for at, (kind, command, code) in enumerate(
        [("deferred", "", 421), ("deferred", "MAIL", 451), ("deferred", "content", 452), ("failed", "RCPT", 550)]
    ):
        happens(connection, 0, kind, START + at, code=code, text="no", command=command, **HOST)
    happens(connection, 1, "delivered", START + 9, code=250, text="Ok", **HOST)
    ann, bob = (timeline(Tally(connection), number, START - 60) for number in (0, 1))
    assert ann is not None
    assert bob is not None
    assert ann.events[0].at == START - 60
    to_ann = ("RCPT TO:<Ann@one.example>", TAKEN)
    assert [conversation(event, ann.recipient.address) for event in ann.events] == [
        (),
        (),
        (("connected", "421 no"),),
        (("MAIL FROM", "451 no"),),
        (("MAIL FROM", TAKEN), to_ann, ("the message", "452 no")),
        (("MAIL FROM", TAKEN), (to_ann[0], "550 no")),
    ]
    assert conversation(bob.events[-1], "b")[-1] == ("the message", "250 Ok")
    assert conversation(bob.events[-1]._replace(host=""), "b") == ()


def test_found_by_address() -> None:
    """In any case of its letters, waiting or gone; seeds too. Nobody else is found."""
    connection = in_memory(PEOPLE)
    assert numbers_of(connection, "ann@ONE.example") == [0]
    happens(connection, 0, "delivered")
    assert numbers_of(connection, "ann@ONE.example") == [0]
    assert numbers_of(connection, "bob@one.example") == [1]
    assert numbers_of(connection, "an@one.example") == []
    assert timeline(Tally(connection), 2) is None
    assert timeline(Tally(connection), -1) is None


def test_many_of_one_address() -> None:
    """Part by part, each behind the one before, to the end."""
    connection = in_memory([person(contact, "ann@one.example") for contact in (1, 2, 3)])
    happens(connection, 1, "delivered")
    assert numbers_of(connection, "ann@one.example", limit=2) == [0, 1]
    assert numbers_of(connection, "ann@one.example", after=0, limit=2) == [1, 2]
    assert numbers_of(connection, "ann@one.example", after=2) == []


def test_when_it_started() -> None:
    """The file says it while somebody waits; after that it follows from the first attempt; before, it did not."""
    connection = in_memory(PEOPLE)
    assert started(connection) == START
    happens(connection, 0, "delivered", START + 2.5, **TOOK)
    happens(connection, 1, "withdrawn", START + 7)
    assert started(connection) == START
    connection.execute("UPDATE journal SET attempt = 0")
    assert started(connection) == START + 2.5
    unsent = in_memory(PEOPLE)
    unsent.execute("UPDATE message SET received_at = 0.0")
    assert started(unsent) is None
    for number in range(2):
        lose(unsent, number)
    assert started(unsent) is None

"""A second mail hidden in the first, behind what one server takes for an end of data and another does not.

In: nothing but CRLF.CRLF ends a mail here. Out: what we send is in a form that nobody reads differently. A Postfix that
lets a bare LF end a line, as all did before CVE-2023-51764, is asked whether it sees one mail or two. (All ends cut at
every octet, in DATA and in BDAT: `mta/test_server_smuggling.py`.)
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from tests.peers_postfix.postfix import Postfix, running
from tests.world import Dialogue, Door, World

ENDS = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "LF.CR": b"\n.\r",
    "CRLF.LF": b"\r\n.\n",
    "CRLF.CR": b"\r\n.\r",
    "CR.CR": b"\r.\r",
    "CR.LF": b"\r.\n",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CRCRLF": b"\r\n.\r\r\n",
    "CRCRLF.CRCRLF": b"\r\r\n.\r\r\n",
    "CRLF-NUL.CRLF": b"\r\n\0.\r\n",
    "CRLF.NUL-CRLF": b"\r\n.\0\r\n",
    "CRLF.SP-CRLF": b"\r\n. \r\n",
}
NUL = {name for name in ENDS if "NUL" in name}
HIDDEN = b"MAIL FROM:<ceo@sender.example>\r\nRCPT TO:<victim@%s>\r\nDATA\r\nSubject: evil\r\n\r\nevil\r\n.\r\nQUIT\r\n"


def attack(client: Dialogue, recipient: str, end: bytes) -> str:
    """Send a mail with another hidden behind `end`; what is said once the last dot is here."""
    client.open("app@sender.example", recipient)
    client.say("DATA")
    domain = recipient.partition("@")[2].encode()
    client.send(b"From: app@sender.example\r\nSubject: good\r\n\r\ntext" + end + HIDDEN % domain)
    return client.hear()


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("door", ["trusted", "normalize"])
def test_nothing_is_smuggled_in(world: World, end: str, door: Door) -> None:
    """The mail is refused with 554 5.6.0 and the end, or it is one mail; the hidden one is never carried out."""
    recipient = world.address()
    with world.call(door) as client:
        reply = attack(client, recipient, ENDS[end])
        whole = ENDS[end] == b"\r\n. \r\n" or (door == "normalize" and end not in NUL)
        assert reply.startswith("250 2.0.0 queued" if whole else "554 5.6.0 "), reply
        if not whole:
            assert client.rest() == ""
    if whole:
        mail = world.remote.to(recipient)
        assert mail.content.endswith(b"evil\r\n")
        assert b"\r\nMAIL FROM:<ceo@sender.example>\r\nRCPT TO:" in mail.content
    assert world.remote.number("victim@remote.example") == 0


@pytest.mark.parametrize("end", [end for end in ENDS if end not in NUL])
def test_nothing_is_smuggled_out(world: World, end: str) -> None:
    """What leaves has no bare CR or LF, no NUL, and its dots are doubled: one end, for every reader."""
    recipient = world.address()
    with world.call("normalize") as client:
        attack(client, recipient, ENDS[end])
    wire = world.remote.to(recipient).stuffed
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", wire)
    assert b"\r\n.\r\n" not in wire
    lines = wire.split(b"\r\n")
    assert all(not line.startswith(b".") or line.startswith(b"..") for line in lines)


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """With mailboxes for the victim and for who gets the good mails."""
    users = ["victim", "control", *(name.lower() for name in ENDS)]
    with running(users) as instance:
        yield instance


@pytest.fixture(scope="module")
def road(postfix: Postfix) -> Iterator[World]:
    """A daemon that sends mail for remote.example to it."""
    hop = f'[[next_hop]]\ndomain = "remote.example"\nhosts = ["127.0.0.1:{postfix.ports["naive"]}"]\n'
    with World(hop) as world:
        yield world


def test_postfix_can_be_fooled(postfix: Postfix) -> None:
    """Spoken to without us in between, that Postfix takes the hidden mail: so the test below could fail."""
    before = len(postfix.mails("victim"))
    for end in ("LF.LF", "LF.CRLF", "CRLF.LF"):
        with Dialogue(("127.0.0.1", postfix.ports["naive"])) as client:
            client.hear()
            attack(client, "control@remote.example", ENDS[end])
            client.rest()
    wait_for(postfix, "control", 3)
    wait_for(postfix, "victim", before + 3)


@pytest.mark.parametrize("door", ["trusted", "normalize"])
def test_postfix_behind_us_sees_one_mail(postfix: Postfix, road: World, door: Door) -> None:
    """Of all thirteen, what we take arrives as one mail with the hidden text in it, and the victim gets nothing."""
    before = len(postfix.mails("victim"))
    taken = {}
    for end, octets in ENDS.items():
        with road.call(door) as client:
            user = end.lower()
            had = len(postfix.mails(user))  # before: it may arrive while we hear the 250
            if attack(client, f"{user}@remote.example", octets).startswith("250 "):
                taken[user] = had + 1
    assert len(taken) == (1 if door == "trusted" else len(ENDS) - len(NUL))
    for user, number in taken.items():
        wait_for(postfix, user, number)
        assert all(b"victim@remote.example" in mail for mail in postfix.mails(user))
    assert len(postfix.mails("victim")) == before


def wait_for(postfix: Postfix, user: str, number: int) -> None:
    """Return once exactly so many mails are in a mailbox."""
    deadline = time.monotonic() + 60
    while len(postfix.mails(user)) < number:
        assert time.monotonic() < deadline, f"{user} has {len(postfix.mails(user))} mails"
        time.sleep(0.05)
    assert len(postfix.mails(user)) == number

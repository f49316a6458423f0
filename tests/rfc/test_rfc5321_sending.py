"""RFC 5321 as a client keeps it, by section: what remote hosts hear from the running program.

Routing (section 5.1) and retries are shown with DNS and a clock of their own, in `tests/mta` and `tests/stories`.
"""

from __future__ import annotations

import re
from contextlib import suppress

import pytest

from postduif.config.checking import is_qualified
from postduif.config.schema import Delivery
from postduif.errors import RemoteProtocolError
from postduif.mta.client_session import ClientSession
from postduif.mta.transaction import Transaction
from postduif.reply import Reply
from tests.world import World


def test_2_3_5_ehlo_with_a_qualified_name(world: World) -> None:
    """EHLO has our fully qualified name; another name is no `server.hostname`."""
    assert world.remote.to(world.deliver()).ehlo == b"EHLO mta.sender.example"
    assert not any(is_qualified(name) for name in ("mta", "localhost", "192.0.2.1", "[192.0.2.1]", "mta.example."))


def test_2_3_8_no_bare_cr_or_lf_is_sent(world: World) -> None:
    """Commands and content that leave have CRLF and nothing else at the end of their lines."""
    mail = world.remote.to(world.deliver("one\r\n\r\ntwo\r\n"))
    wire = b"".join(world.remote.commands) + mail.stuffed
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", wire)


def test_3_2_helo_when_ehlo_is_unknown(world: World) -> None:
    """A host without extensions gets mail all the same, and no parameter that it did not offer."""
    recipient = world.address("old.example")
    with world.call() as client:
        client.open("app@sender.example", recipient)
        client.say("DATA")
        client.say(b"From: app@sender.example\r\n\r\nx\r\n.\r\n")
    mail = world.old.to(recipient)
    assert (mail.mail, mail.rcpts) == (b"MAIL FROM:<app@sender.example>", [f"RCPT TO:<{recipient}>".encode()])


def test_4_1_1_3_no_source_route_is_sent(world: World) -> None:
    """Neither MAIL nor RCPT ever has one."""
    world.remote.to(world.deliver())
    assert not [line for line in world.remote.commands if b"<@" in line]


def test_4_1_1_4_no_line_is_added_at_the_end(world: World) -> None:
    """A mail that ends in CRLF leaves without another."""
    assert world.remote.to(world.deliver("last\r\n")).stuffed.endswith(b"\r\n\r\nlast\r\n")
    assert world.remote.to(world.deliver("last\r\n\r\n")).stuffed.endswith(b"\r\n\r\nlast\r\n\r\n")


def test_4_5_2_dots_are_doubled(world: World) -> None:
    """Every line that begins with a dot has one more on the wire."""
    mail = world.remote.to(world.deliver(".\r\n.a\r\nb.\r\n"))
    assert mail.stuffed.endswith(b"\r\n..\r\n..a\r\nb.\r\n")


class Host:
    """The other side of a client session: it says lines, and hears what is said back."""

    def __init__(self, *lines: bytes) -> None:
        self.session = ClientSession("mta.sender.example", "mx")
        self.done: list[Transaction] = []
        self.heard = b""
        self.says(*lines)

    def says(self, *lines: bytes) -> None:
        """Say each, and hear the answer before the next."""
        for line in lines:
            self.heard += b"".join(self.session.take_output())
            self.done += self.session.receive(line + b" x\r\n")
        self.heard += b"".join(self.session.take_output())


def test_4_2_the_first_digit_of_an_unknown_code_counts() -> None:
    """Codes that no RFC has are read by their first digit, also that of the go-ahead for the data."""
    host = Host(b"299", b"299")
    host.session.offer(Transaction(b"MAIL FROM:<a@b>\r\n", [b"RCPT TO:<c@d>\r\n", b"RCPT TO:<e@f>\r\n"], b"x\r\n"))
    host.says(b"299", b"299", b"499", b"399")
    assert host.heard.endswith(b"DATA\r\nx\r\n.\r\n")
    host.says(b"299")
    assert [reply.code for reply in host.done[0].verdicts(Reply(421, "", ""))] == [299, 499]


@pytest.mark.parametrize("code", [b"250", b"450", b"554"])
def test_4_3_2_no_data_without_a_go_ahead(code: bytes) -> None:
    """Whatever is said to DATA but 3yz, no content is sent."""
    host = Host(b"220", b"250")
    host.session.offer(Transaction(b"MAIL FROM:<a@b>\r\n", [b"RCPT TO:<c@d>\r\n"], b"secret\r\n"))
    with suppress(RemoteProtocolError):
        host.says(b"250", b"250", code)
    assert b"DATA" in host.heard
    assert b"secret" not in host.heard


def test_4_5_3_2_timeouts() -> None:
    """By default the client waits 5 minutes for the greeting and for commands, 3 for DATA and blocks, 10 at the end."""
    waits = Delivery().model_dump()
    least = {"greeting_timeout": 300, "command_timeout": 300, "data_timeout": 180, "final_timeout": 600}
    assert not [name for name, wait in least.items() if waits[name] < wait]


def test_4_5_4_1_retries() -> None:
    """By default a mail waits before it is tried again and is not given up before four days; both can be set."""
    delivery = Delivery()
    assert delivery.retry[0] >= 30
    assert delivery.lifetime >= 4 * 86400
    assert {"retry", "lifetime"} <= Delivery.model_fields.keys()


@pytest.mark.parametrize("name", ["unknown", "later"])
def test_4_3_1_a_refusal_is_one_recipients(world: World, name: str) -> None:
    """A recipient that is refused, for good or for now, keeps the mail from nobody else."""
    bad, good = world.address(name=name), world.address()
    with world.call() as client:
        client.open("", bad, good)
        client.say("DATA")
        client.say(b"From: app@sender.example\r\n\r\nx\r\n.\r\n")
    assert world.remote.to(good).recipients == [good]

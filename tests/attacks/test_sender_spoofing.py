"""A user who has logged in, and wants to be somebody else."""

from __future__ import annotations

import pytest

from tests.world import World

OWN = "alice@sender.example"


def said(world: World, sender: str, header: str) -> list[str]:
    """What alice hears to MAIL, and to a mail with this header; she may be herself and all of alice.example."""
    with world.call("plain_auth") as client:
        client.say("EHLO c.example")
        assert client.log_in("alice", "open sesame").startswith("235 ")
        replies = [client.say(f"MAIL FROM:<{sender}>")]
        if replies[0].startswith("250 "):
            client.all_of([f"RCPT TO:<{world.address()}>", "DATA"])
            replies.append(client.say(f"{header}\r\n\r\nx\r\n.\r\n".encode()))
        return replies


@pytest.mark.parametrize(
    "sender",
    [
        "root@sender.example",
        "alice@remote.example",
        "alice@mta.sender.example",
        "x@sub.alice.example",
        "a@balice.example",
    ],
)
def test_envelope_of_another(world: World, sender: str) -> None:
    """MAIL with an address that is not the user's is 553 5.7.1."""
    assert said(world, sender, "")[0].startswith("553 5.7.1 ")


@pytest.mark.parametrize(
    "header",
    [
        "From: root@sender.example",
        "From: Alice <ceo@remote.example>",
        f"From: {OWN}, ceo@remote.example",
        f"From: ceo@remote.example, {OWN}",
        f'From: "{OWN}" <ceo@remote.example>',
        f"From: <@sender.example:ceo@remote.example> ({OWN})",
        f"From: staff: {OWN}, ceo@remote.example;",
        "From: ceo@remote.example (alice)\r\n",
        f"From: {OWN}\r\nFrom: ceo@remote.example",
        f"From: {OWN}<ceo@remote.example>",
        f"From: =?utf-8?q?{OWN}?= <ceo@remote.example>",
        "From: ceo@remote.example\r\nSender: alice@sender.example",
        "From : ceo@remote.example",
        "fROM:\r\n ceo@remote.example",
        "From: undisclosed:;",
        "From: alice",
    ],
)
def test_author_of_another(world: World, header: str) -> None:
    """A From field that names anybody else, or nobody, is refused: 553 5.7.1, or 554 where it cannot be read."""
    reply = said(world, OWN, header)[1]
    assert reply.startswith(("553 5.7.1 ", "554 5.6.0 ")), reply


@pytest.mark.parametrize(
    ("sender", "header"),
    [
        (OWN, f"From: Alice <{OWN}>"),
        ("ALICE@Sender.Example", "From: Alice@SENDER.example"),
        ("news@alice.example", f"From: {OWN}, news@alice.example"),
        ("", f"From: {OWN}"),
        (OWN, "Subject: no author"),
    ],
)
def test_own_addresses(world: World, sender: str, header: str) -> None:
    """The user's own addresses are hers, in any case, also for notifications and where the author is added."""
    assert [reply[:3] for reply in said(world, sender, header)] == ["250", "250"]


def test_user_without_senders_is_not_held(world: World) -> None:
    """A user added without senders may use any, which `postduif check` warns about."""
    with world.call("plain_auth") as client:
        client.say("EHLO c.example")
        assert client.log_in("root", "all doors").startswith("235 ")
        assert client.say("MAIL FROM:<anybody@remote.example>").startswith("250 ")


def test_trusted_clients_can_be_held_too(world: World) -> None:
    """Clients of a listener with `allowed_senders` are held to them without logging in."""
    with world.call("held") as client:
        client.say("EHLO c.example")
        assert client.say("MAIL FROM:<app@shop.example>").startswith("250 ")
        client.say("RSET")
        assert client.say("MAIL FROM:<app@sender.example>").startswith("553 5.7.1 ")

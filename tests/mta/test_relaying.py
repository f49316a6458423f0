"""Who may send what to whom."""

from __future__ import annotations

from typing import Any

import pytest

from postduif.address import NULL_SENDER, Address, parse
from postduif.config.schema import Config
from postduif.envelope import Notify, Recipient
from postduif.mta import relaying
from postduif.mta.submission import Client
from postduif.reply import Reply

SENDER = parse("a@app.example")
FOREIGN = parse("b@remote.example")
OWN = [Address("postmaster", ""), parse("PostMaster@MTA.example"), parse("abuse@mta.example")]


def settings(postmaster: str = "me@mail.example", **listener: Any) -> Config:
    """A configuration with one listener."""
    return Config.model_validate(
        {
            "server": {"hostname": "MTA.example", "postmaster": postmaster},
            "listener": [{"address": "127.0.0.1:2525", **listener}],
        }
    )


def client(config: Config, *, trusted: bool = False, user: str = "") -> Client:
    """A client of its listener."""
    return Client("192.0.2.1", "app.example", user, "", trusted, config.listener[0])


def enhanced(reply: Reply | None) -> str:
    """Code and enhanced code; "" for yes."""
    return f"{reply.code} {reply.enhanced}" if reply else ""


@pytest.mark.parametrize(
    ("auth", "trusted", "user", "at_mail", "at_rcpt"),
    [
        ("none", True, "", "", ""),
        ("none", False, "", "", "550 5.7.1"),
        ("optional", True, "", "", ""),
        ("optional", False, "", "530 5.7.0", "550 5.7.1"),
        ("optional", False, "joe", "", ""),
        ("required", True, "", "530 5.7.0", "550 5.7.1"),
        ("required", False, "", "530 5.7.0", "550 5.7.1"),
        ("required", False, "joe", "", ""),
    ],
)
def test_who_may_relay(*, auth: str, trusted: bool, user: str, at_mail: str, at_rcpt: str) -> None:
    """Relaying needs a trusted network or a password, and only a password where that is required."""
    config = settings(auth=auth)
    who = client(config, trusted=trusted, user=user)
    assert enhanced(relaying.may_send(who, SENDER)) == at_mail
    assert enhanced(relaying.may_receive(config, who, FOREIGN)) == at_rcpt


PROBES = [
    "b@remote.example",
    "b%remote.example@mta.example",
    "b%remote.example@[127.0.0.1]",
    "remote.example!b@mta.example",
    '"b@remote.example"@mta.example',
    '"b@remote.example"@remote.example',
    "@mta.example:b@remote.example",
    "b@[127.0.0.1]",
    "b@[IPv6:::1]",
    "B@REMOTE.example",
    "b@mta.example",
    "b@localhost",
    "root@mta.example",
    "postmaster@remote.example",
    "postmaster@mta.example.remote.example",
]


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("listener", [{}, {"role": "inbound"}, {"auth": "optional", "auth_without_tls": True}])
def test_strangers_relay_nothing(probe: str, listener: dict[str, Any]) -> None:
    """No way of writing an address makes an open relay (RFC 5321 3.6.1, 4.1.1.3)."""
    config = settings(**listener)
    reply = relaying.may_receive(config, client(config), parse(probe))
    assert reply is not None
    assert reply.permanent


def test_inbound_relays_for_nobody() -> None:
    """An inbound listener takes mail for our own addresses only, whoever the client is."""
    config = settings(role="inbound", auth="optional", auth_without_tls=True)
    who = client(config, trusted=True, user="joe")
    assert relaying.may_send(who, NULL_SENDER) is None
    assert enhanced(relaying.may_receive(config, who, FOREIGN)) == "550 5.7.1"
    assert enhanced(relaying.may_receive(config, who, parse("x@mta.example"))) == "550 5.1.1"
    assert enhanced(relaying.may_receive(config, who, Address("abuse", ""))) == "550 5.1.1"


@pytest.mark.parametrize("own", OWN)
def test_own_addresses(own: Address) -> None:
    """Anybody reaches our postmaster and abuse in any case, if there is one who reads them (RFC 5321 4.5.1)."""
    config = settings(role="inbound")
    assert relaying.may_receive(config, client(config), own) is None
    config = settings(role="inbound", postmaster="")
    assert enhanced(relaying.may_receive(config, client(config), own)) == "550 5.1.1"


@pytest.mark.parametrize(("recipient", "code"), [("b@localhost", "550 5.1.2"), ("b@[192.0.2.1]", ""), ("b@x.y", "")])
def test_qualified_recipients(recipient: str, code: str) -> None:
    """A recipient's domain has two labels at least, or is an address literal (RFC 6409 4.2)."""
    config = settings()
    assert enhanced(relaying.may_receive(config, client(config, trusted=True), parse(recipient))) == code


@pytest.mark.parametrize(("postmaster", "code"), [("me@mail.example", ""), ("", "550 5.1.1")])
def test_bare_postmaster_of_a_submitter(postmaster: str, code: str) -> None:
    """The only recipient without a domain is postmaster."""
    config = settings(postmaster)
    who = client(config, trusted=True)
    assert enhanced(relaying.may_receive(config, who, Address("Postmaster", ""))) == code
    assert enhanced(relaying.may_receive(config, who, Address("root", ""))) == "550 5.1.1"


@pytest.mark.parametrize("role", ["submission", "inbound"])
def test_qualified_sender(role: str) -> None:
    """A sender's domain is qualified too; the null sender has none."""
    config = settings(role=role)
    who = client(config, trusted=True)
    assert relaying.may_send(who, NULL_SENDER) is None
    assert enhanced(relaying.may_send(who, parse("a@localhost"))) == "550 5.1.8"
    assert enhanced(relaying.may_send(who, Address("a", ""))) == "550 5.1.8"


def test_own_addresses_become_the_postmaster() -> None:
    """Mail for our own addresses goes to server.postmaster, once; strangers' makes no notifications."""
    config = settings(role="inbound")
    got = relaying.rewritten(config, config.listener[0], [Recipient(own, notify=Notify.SUCCESS) for own in OWN])
    assert [(one.address, one.notify) for one in got] == [(parse("me@mail.example"), Notify.NEVER)]


def test_submitted_recipients_keep_their_wishes() -> None:
    """Among others, and without a postmaster, recipients stay as they are."""
    config = settings()
    recipients = [Recipient(FOREIGN), Recipient(OWN[0], orcpt="rfc822;postmaster", notify=Notify.SUCCESS)]
    got = relaying.rewritten(config, config.listener[0], recipients)
    assert got[0] is recipients[0]
    assert got[1] == Recipient(parse("me@mail.example"), orcpt="rfc822;postmaster", notify=Notify.SUCCESS)
    assert relaying.rewritten(settings(""), config.listener[0], recipients) is recipients

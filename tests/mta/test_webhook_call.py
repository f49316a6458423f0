"""One request of a webhook: where it goes to, and what is made of the reply."""

from __future__ import annotations

import asyncio
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
import trustme

from postduif.clock import SystemClock
from postduif.config.schema import Dns, Webhook
from postduif.config.webhook_secret import read_secret
from postduif.mta.resolver import Resolver
from postduif.mta.webhook_call import MAX_REPLY, Answer, Caller
from tests.dns_server import DnsServer
from tests.receiver import Receiver, Reply

SECRET = "whsec_" + "QUJD" * 8
NOW = 1_800_000_000.5
LOOPBACK = ("127.0.0.0/8",)


def call(
    url: str,
    *bodies: bytes,
    allowed: tuple[str, ...] = LOOPBACK,
    zone: str = "",
    context: ssl.SSLContext | None = None,
    **settings: Any,
) -> list[Answer]:
    """What came of posting these (default: one) in turn. `zone`: what DNS knows."""

    async def run(nameserver: str) -> list[Answer]:
        resolver = Resolver(Dns.model_validate({"nameservers": [nameserver]}), SystemClock())
        webhook = Webhook.model_validate(
            {"name": "app", "url": url, "secret": SECRET, "allowed_networks": allowed, **settings}
        )
        caller = Caller(webhook, [read_secret(SECRET)], resolver, context)
        answers = [await caller.post(body, NOW) for body in bodies or (b"{}",)]
        await caller.close()
        await resolver.close()
        return answers

    with DnsServer(zone) as dns:
        return asyncio.run(run(dns.endpoint))


def test_what_is_sent() -> None:
    """A POST to the whole URL, with type, time, id and signature; the connection serves the next one too."""
    with Receiver() as receiver:
        receiver.answers = [Reply(200, body=b"thanks")]
        answers = call(receiver.url, b'{"data":[]}', b'{"data":[]}', b'{"data":[1]}')
    first, again, other = receiver.requests
    assert [one.taken for one in answers] == [True] * 3
    assert (first.path, first.body) == ("/events?for=us", b'{"data":[]}')
    assert first.fields["host"] == f"127.0.0.1:{receiver.port}"
    assert first.fields["content-type"] == "application/json"
    assert first.fields["webhook-timestamp"] == "1800000000"
    assert first.fields["webhook-signature"].startswith("v1,")
    assert first.fields["webhook-id"] == again.fields["webhook-id"] != other.fields["webhook-id"]
    assert first.client == again.client == other.client


@pytest.mark.parametrize(
    ("reply", "result"),
    [(Reply(500), "5yz"), (Reply(404), "4yz"), (Reply(302, {"Location": "/elsewhere"}), "3yz"), (Reply(0), "network")],
)
def test_not_taken(reply: Reply, result: str) -> None:
    """Only 2yz is taken. Redirects lead nowhere."""
    with Receiver() as receiver:
        receiver.answers = [reply]
        (answer,) = call(receiver.url)
        assert (answer.taken, answer.result) == (False, result)
        assert len(receiver.requests) == 1


def test_a_reply_without_end() -> None:
    """Of a long reply no more than so much is read; its status counts."""
    with Receiver() as receiver:
        receiver.answers = [Reply(200, {"Content-Length": str(10**12)}, bytes(4 * MAX_REPLY))]
        assert [one.taken for one in call(receiver.url, b"1", b"2")] == [True, True]
        assert receiver.requests[0].client != receiver.requests[1].client


def test_a_reply_that_stalls() -> None:
    """When the status came and the body does not, it was taken."""
    with Receiver() as receiver:
        receiver.answers = [Reply(200, {"Content-Length": "10"})]
        (answer,) = call(receiver.url, timeout=1.5)
        assert answer.taken


def test_no_reply() -> None:
    """The wait for a reply ends."""
    never = threading.Event()
    with Receiver() as receiver:
        receiver.answers = [Reply(200, wait=never)]
        assert call(receiver.url, timeout=0.2) == [Answer(0, "no reply within 200ms", "timeout")]
        never.set()


def test_nobody_there() -> None:
    """A port where nobody listens is a failure like others."""
    with Receiver() as receiver:
        url = receiver.url
    (answer,) = call(url)
    assert (answer.status, answer.result) == (0, "network")
    assert "127.0.0.1" in answer.words


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://127.0.0.1:{port}/", "loopback"),
        ("https://[::1]:{port}/", "loopback"),
        ("https://[::ffff:127.0.0.1]:{port}/", "IPv4-mapped"),
        ("https://[64:ff9b::7f00:1]:{port}/", "loopback"),
        ("https://0.0.0.0:{port}/", "unspecified"),
        ("https://169.254.169.254/latest/meta-data/", "link-local"),
        ("https://10.0.0.1/", "private"),
        ("https://inside.example:{port}/", "loopback"),
        ("https://alias.example:{port}/", "loopback"),
    ],
)
def test_not_into_our_own_network(url: str, word: str) -> None:
    """Whatever way it is written or looked up, an address inside is refused before it is connected to."""
    zone = "inside.example A 127.0.0.1\nalias.example CNAME inside.example"
    with Receiver() as receiver:
        (answer,) = call(url.format(port=receiver.port), allowed=(), zone=zone, context=ssl.create_default_context())
        assert (answer.status, answer.result) == (0, "address")
        assert f"({word})" in answer.words
        assert "; if it should be reached, write its network in allowed_networks" in answer.words
        assert receiver.requests == []


def test_without_tls_only_where_the_settings_say() -> None:
    """Without TLS an address must be listed, public or not."""
    (answer,) = call("http://outside.example/", allowed=LOOPBACK, zone="outside.example A 192.0.2.1")
    assert (answer.result, answer.words.partition(";")[0]) == ("address", "192.0.2.1 (without TLS)")


def test_only_the_address_that_was_judged() -> None:
    """Of several addresses those that are refused are left out, and the name stays in the Host field."""
    zone = "app.example A 10.0.0.1\napp.example A 127.0.0.1"
    with Receiver() as receiver:
        (answer,) = call(f"http://app.example:{receiver.port}/", zone=zone)
        assert answer.taken
        assert receiver.requests[0].fields["host"] == f"app.example:{receiver.port}"


@pytest.mark.parametrize("zone", ["", "app.example FAULT * SERVFAIL"])
def test_no_such_host(zone: str) -> None:
    """A name without an address is a failure like others."""
    (answer,) = call("https://app.example/", zone=zone, context=ssl.create_default_context())
    assert answer.result == "network"
    assert answer.words.startswith("app.example: ")


def server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """A server with a certificate for that name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_tls_keeps_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate must be of the name, and of an authority that the machine believes."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    ours, strangers = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    zone = "app.example A 127.0.0.1\nother.example A 127.0.0.1"
    with Receiver(server_context(authority, "app.example")) as receiver:
        (good,) = call(f"https://app.example:{receiver.port}/", zone=zone, context=ours)
        assert good.taken
        assert receiver.handshakes == ["app.example"]
        (other,) = call(f"https://other.example:{receiver.port}/", zone=zone, context=ours)
        (unknown,) = call(f"https://app.example:{receiver.port}/", zone=zone, context=strangers)
        assert {other.result, unknown.result} == {"network"}
        assert "certificate verify failed" in other.words
        assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 119.5),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("", 0.0),
        ("9" * 50, 0.0),
        ("-5", 0.0),
    ],
)
def test_asked_wait(text: str, wait: float) -> None:
    """A receiver may say when, in seconds or as a date (RFC 9110 10.2.3)."""
    assert Answer(503, "", "5yz", text).asked_wait(NOW) == wait

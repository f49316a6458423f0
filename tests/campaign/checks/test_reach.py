"""The host of the pages for readers: its address, its TLS, and silence."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from postduif.campaign.checks.reach import Reach, reached
from postduif.config.schema import Dns
from postduif.mta.resolver import Resolver
from tests.dns_server import DnsServer
from tests.fakes import FakeClock

HOST = "news.example"


@pytest.fixture
def server_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """TLS of a web server for HOST, whose authority this machine trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    return context


def found(zone: str, context: ssl.SSLContext | None = None, host: str = HOST, scheme: str = "https") -> Reach | None:
    """What is found of a URL with that host, where a server with this TLS listens, or one that says nothing."""

    async def look() -> Reach | None:
        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        resolver = Resolver(Dns.model_validate({"nameservers": [dns.endpoint], "timeout": 0.4}), FakeClock())
        try:
            return await reached(resolver, f"{scheme}://{host}:{port}")
        finally:
            await resolver.close()
            server.close()

    with DnsServer(zone) as dns:
        return asyncio.run(look())


def test_all_is_well(server_side: ssl.SSLContext) -> None:
    """An address, and a certificate that browsers believe."""
    assert found(f"{HOST} A 127.0.0.1", server_side) == Reach(HOST, ("127.0.0.1",))


def test_a_certificate_of_another(server_side: ssl.SSLContext) -> None:
    """A name that the certificate has not is said, with the address where it is so."""
    reach = found("other.example A 127.0.0.1", server_side, "other.example")
    assert reach is not None
    ((address, why),) = reach.untrusted
    assert (address, "Hostname mismatch" in why, reach.silent) == ("127.0.0.1", True, ())


def test_a_certificate_that_nobody_knows(server_side: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that signed itself, as far as this machine knows."""
    monkeypatch.delenv("SSL_CERT_FILE")
    reach = found(f"{HOST} A 127.0.0.1", server_side)
    assert reach is not None
    assert "unable to get local issuer certificate" in reach.untrusted[0].why


def test_no_address() -> None:
    """A name that is not in DNS is told from a name server that fails."""
    assert found("other.example A 127.0.0.1") == Reach(HOST)
    assert found(f"{HOST} FAULT * SERVFAIL") == Reach(HOST, unanswered=True)


def test_nobody_there(server_side: ssl.SSLContext) -> None:
    """A door that is closed, or hangs up, is no fault of the certificate; one good address does not hide another."""
    reach = found(f"{HOST} A 127.0.0.1\n{HOST} A 127.0.0.2", server_side)
    assert reach is not None
    assert (reach.untrusted, [one.address for one in reach.silent]) == ((), ["127.0.0.2"])
    reach = found(f"{HOST} A 127.0.0.1")
    assert reach is not None
    assert (reach.untrusted, [one.address for one in reach.silent]) == ((), ["127.0.0.1"])


def test_in_the_clear() -> None:
    """An address in the clear is for trials on one machine: nobody is asked."""
    assert found("", scheme="http") is None

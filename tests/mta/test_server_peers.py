"""Real clients against the server with the real door and queue: swaks, and Postfix's smtp-source."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import uvloop

from postduif.clock import SystemClock
from postduif.config.schema import Auth, Config
from postduif.mta import users
from postduif.mta.auth_backoff import Backoff
from postduif.mta.credentials import Credentials
from postduif.mta.server import SmtpServer
from postduif.mta.submission import Submission
from postduif.queue.scheduled import QueueKey
from postduif.queue.store import Store
from tests.mta import tls_pair
from tests.mta.smtp_door import HOSTNAME
from tests.mta.tls_pair import TlsPair
from tests.peers import need


class Said(NamedTuple):
    """What a program did."""

    status: int
    output: str


class Mta:
    """A server with the real door and queue."""

    def __init__(self, server: SmtpServer, store: Store) -> None:
        self.server = server
        self.store = store
        self.port = str(server.address[1])

    async def queued(self, domain: str = "example.net") -> list[Any]:
        """What is in the queue for a domain: entries with their content."""
        entries = await self.store.lease(QueueKey("default", domain), 10_000)
        return [(entry, (await self.store.content(entry.envelope.id)).content) for entry in entries]


@contextlib.asynccontextmanager
async def mta(directory: Path, pair: TlsPair | None = None, **settings: Any) -> AsyncIterator[Mta]:
    """Starts it, and stops it."""
    os.chmod(directory, 0o700)
    listener = {"address": "127.0.0.1:0", "trusted": ["127.0.0.0/8"], **settings}
    config = Config.model_validate(
        {"server": {"hostname": HOSTNAME, "data_dir": str(directory)}, "listener": [listener]}
    )
    clock = SystemClock()
    store = Store.open(directory, config.queue, clock)
    credentials = Credentials(directory, Backoff(Auth(), clock))
    server = SmtpServer(
        config.listener[0],
        hostname=HOSTNAME,
        submission=Submission(config, store, clock),
        credentials=credentials,
        clock=clock,
        tls=pair.server if pair else None,
    )
    await server.start()
    try:
        yield Mta(server, store)
    finally:
        await server.close(1)
        credentials.close()
        await store.close()


async def run(*command: str) -> Said:
    """Run a program to its end."""
    program = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(program.communicate(), 60)
    return Said(program.returncode or 0, output.decode("utf-8", "replace"))


def test_smtp_source_many_sessions(tmp_path: Path) -> None:
    """A thousand mails over ten sessions are accepted, each with all its recipients, and not one is lost."""
    (source,) = need("smtp-source")

    async def story() -> None:
        async with mta(tmp_path) as here:
            said = await run(
                source, "-d", "-s", "10", "-m", "1000", "-r", "2", "-l", "3000",
                "-f", "one@example.com", "-t", "two@example.net", f"127.0.0.1:{here.port}",
            )  # fmt: skip
            assert said == (0, "")
            assert here.store.stats.queued == 2000
            queued = await here.queued()
            assert len(queued) == 2000
            assert all(content.startswith(b"Received: from ") and len(content) > 3000 for _, content in queued)

    uvloop.run(story())


def test_smtp_source_new_connections(tmp_path: Path) -> None:
    """The same with a connection for each mail."""
    (source,) = need("smtp-source")

    async def story() -> None:
        async with mta(tmp_path) as here:
            command = [source, "-s", "10", "-m", "200", "-f", "one@example.com", "-t", "two@example.net"]
            assert (await run(*command, f"127.0.0.1:{here.port}")).status == 0
            assert here.store.stats.queued == 200

    uvloop.run(story())


@pytest.mark.parametrize("pipeline", [[], ["--pipeline"]], ids=["plain", "pipelined"])
def test_swaks(tmp_path: Path, pipeline: list[str]) -> None:
    """swaks hands over a mail with two recipients; it comes out as it went in, with a trace field before it."""
    (swaks,) = need("swaks")

    async def story() -> None:
        async with mta(tmp_path) as here:
            said = await run(
                swaks, "--server", "127.0.0.1", "--port", here.port, *pipeline, "--from", "one@example.com",
                "--to", "two@example.net,three@example.net", "--body", "first\\n.dot\\nlast",
                "--helo", "client.example",
            )  # fmt: skip
            assert said.status == 0, said.output
            queued = await here.queued()
            assert sorted(str(entry.recipient.address) for entry, _ in queued) == [
                "three@example.net",
                "two@example.net",
            ]
            content = queued[0][1]
            assert content.startswith(b"Received: from client.example")
            assert b"\r\nfirst\r\n.dot\r\nlast\r\n" in content

    asyncio.run(story())


@pytest.mark.parametrize("how", [["--tls"], ["--tls-on-connect"]], ids=["starttls", "implicit"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_swaks_with_tls_and_auth(tmp_path: Path, how: list[str], mechanism: str) -> None:
    """swaks begins TLS, checks our certificate, logs in, and its mail is taken; with a wrong password it is not."""
    (swaks,) = need("swaks")
    pair = tls_pair.make(tmp_path)
    users.add(tmp_path, "alice", "open sesame")

    async def story() -> None:
        mode = "starttls" if how == ["--tls"] else "implicit"
        async with mta(tmp_path, pair, tls=mode, auth="required") as here:
            command = [
                swaks, "--server", "127.0.0.1", "--port", here.port, *how, "--tls-verify", "--tls-ca-path",
                str(pair.authority), "--from", "one@example.com", "--to", "two@example.net", "--auth", mechanism,
                "--auth-user", "alice", "--auth-password",
            ]  # fmt: skip
            said = await run(*command, "wrong")
            assert said.status == 28, said.output
            assert " 535 5.7.8 " in said.output
            assert await here.queued() == []
            said = await run(*command, "open sesame")
            assert said.status == 0, said.output
            assert len(await here.queued()) == 1

    asyncio.run(story())


def test_swaks_without_auth_is_no_relay(tmp_path: Path) -> None:
    """A stranger may not relay, whatever the address looks like (RFC 6409 4.3, RFC 5321 3.6)."""
    (swaks,) = need("swaks")

    async def story() -> None:
        async with mta(tmp_path, trusted=["192.0.2.0/24"]) as here:
            for address in (
                "a@example.net",
                "a%example.net@mx.example.org",
                '"a@example.net"@mx.example.org',
                "x!a@b.example",
            ):
                said = await run(
                    swaks, "--server", "127.0.0.1", "--port", here.port, "--from", "one@example.com", "--to", address
                )
                assert said.status == 24, said.output
                assert " 550 5." in said.output or " 530 5.7.0 " in said.output
            assert here.store.stats.queued == 0

    asyncio.run(story())


def test_openssl_sees_only_strong_tls(tmp_path: Path) -> None:
    """OpenSSL's client gets TLS 1.3 and 1.2, and neither 1.1 nor a cipher without forward secrecy."""
    (openssl,) = need("openssl")
    pair = tls_pair.make(tmp_path)

    async def story() -> None:
        async with mta(tmp_path, pair, tls="starttls") as here:
            connect = [openssl, "s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{here.port}"]
            for version in ("-tls1_2", "-tls1_3"):
                said = await run(*connect, version)
                assert "Cipher is " in said.output
                assert "Cipher is (NONE)" not in said.output
            for weak in (
                ["-tls1_1"],
                ["-tls1_2", "-cipher", "AES128-SHA"],
                ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
            ):
                said = await run(*connect, *weak)
                assert said.status != 0 or "Cipher is (NONE)" in said.output

    asyncio.run(story())

"""The sink on real sockets: what clients see, what tests get."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from postduif.sink import Received, Sink
from postduif.sink.certificate import from_files, self_made
from postduif.sink.keeping import Maildir, Mbox, Record
from tests.peers import need

LETTER = b"Message-ID: <1@example.org>\r\nSubject: x\r\n\r\n.Hello\r\nFrom here\r\n"

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Both event loops."""
    chosen: Run = request.param
    return chosen


def send(sink: Sink, *recipients: str, tls: bool = False) -> dict[str, tuple[int, bytes]]:
    """Deliver LETTER with the standard library's client; the refused recipients."""
    with smtplib.SMTP(sink.host, sink.port, "client.test", timeout=60) as client:
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            client.starttls(context=context)
        return client.sendmail("a@example.org", recipients, LETTER)


def dial(sink: Sink) -> socket.socket:
    """A bare connection."""
    return socket.create_connection((sink.host, sink.port), 10)


def read_all(connection: socket.socket) -> bytes:
    """Everything until the other side ends."""
    octets = b""
    while piece := connection.recv(65536):
        octets += piece
    return octets


def test_takes_mail(run: Run) -> None:
    """A client of another make delivers, refused recipients hear why, and the test sees what was taken."""

    async def play() -> None:
        async with Sink() as sink:
            refused = await asyncio.to_thread(send, sink, "b@example.com", "permfail@example.com")
            await sink.wait_for(1)
            assert refused == {"permfail@example.com": (550, b"5.1.1 no such user here")}
            [message] = sink.messages
            assert message.sender == "a@example.org"
            assert message.recipients == ("b@example.com",)
            assert message.content == LETTER
            assert message.client == "127.0.0.1"
            assert message.at > 1.7e9
            assert sink.figures.octets == len(LETTER)
            await asyncio.to_thread(send, sink, "b@example.com", "c@example.com")
            await sink.wait_for(2)
            assert sink.messages[1].duplicates == 1
            assert sink.figures.duplicates == 1
            assert sink.figures.recipients == 3

    run(play())


def test_speaks_tls(run: Run, tmp_path: Path) -> None:
    """STARTTLS works with a certificate made on the spot and with one given."""

    async def play(tls: bool | ssl.SSLContext) -> None:
        async with Sink(tls=tls) as sink:
            assert not await asyncio.to_thread(send, sink, "b@example.com", tls=True)
            await sink.wait_for(1)
            assert sink.messages[0].tls.startswith("TLSv1.3 TLS_")
            assert sink.figures.tls == 1

    run(play(tls=True))
    run(play(tls=self_made("given.test")))
    with pytest.raises(OSError, match="No such file"):
        from_files(tmp_path / "absent.pem")


@pytest.mark.parametrize(("action", "end"), [("close", b""), ("reset", None), ("garbage", b"\x00\xff")])
def test_ends_connections(run: Run, action: str, end: bytes | None) -> None:
    """`close` ends with FIN, `reset` with RST, `garbage` with what is not SMTP; also instead of the TLS handshake."""

    def visit(sink: Sink, commands: bytes) -> bytes | None:
        try:
            with dial(sink) as connection:
                connection.sendall(commands)
                return read_all(connection)
        except ConnectionResetError:
            return None

    async def play(stage: str, commands: bytes) -> None:
        async with Sink(rules=f'[[rule]]\n{stage} = {{action = "{action}"}}', tls=True) as sink:
            said = await asyncio.to_thread(visit, sink, commands)
            assert said is None if end is None else said is not None and end in said

    run(play("connect", b""))
    run(play("tls", b"EHLO x\r\nSTARTTLS\r\n"))


def test_hangs_and_talks_without_end(run: Run) -> None:
    """`hang` says nothing more and notices when the client goes; `endless` goes on until it does, in bounded memory."""

    def visit(sink: Sink) -> int:
        with dial(sink) as connection:
            connection.sendall(b"EHLO x\r\nMAIL FROM:<>\r\n")
            return sum(len(connection.recv(65536)) for _ in range(100))

    async def play() -> None:
        async with Sink(rules='[[rule]]\nmail = {action = "endless"}') as sink:
            assert await asyncio.to_thread(visit, sink) > 1000
        async with Sink(rules='[[rule]]\nehlo = {action = "hang"}') as sink:
            reader, writer = await asyncio.open_connection(sink.host, sink.port)
            writer.write(b"EHLO x\r\n")
            assert (await reader.readline()).startswith(b"220")
            writer.close()
            await sink.drain(10)
            assert sink.figures.open == 0

    run(play())


def test_delays_on_the_wire(run: Run) -> None:
    """A delayed reply comes, and what was sent meanwhile is answered after it."""

    async def play() -> None:
        async with Sink(rules='[[rule]]\nehlo = {delay = "20ms"}') as sink:
            reader, writer = await asyncio.open_connection(sink.host, sink.port)
            writer.write(b"HELO x\r\nNOOP\r\nQUIT\r\n")
            assert (await reader.read()).split(b"\r\n")[1:4] == [b"250 sink.test", b"250 2.0.0 ok", b"221 2.0.0 bye"]
            writer.close()

    run(play())


def test_gives_a_rule_its_own_address(run: Run) -> None:
    """A rule with `listen` acts from the greeting on at that address, and nowhere else."""

    async def play() -> None:
        rules = '[[rule]]\ndomain = "down.test"\nlisten = "127.0.0.1:0"\nconnect = {reply = "554 5.3.2 closed"}'
        async with Sink(rules=rules) as sink:
            reader, writer = await asyncio.open_connection(sink.host, sink.addresses["down.test"])
            assert (await reader.readline()).startswith(b"554 5.3.2")
            writer.close()
            reader, writer = await asyncio.open_connection(sink.host, sink.port)
            assert (await reader.readline()).startswith(b"220")
            writer.close()

    run(play())


def test_limits_connections_and_silence(run: Run) -> None:
    """One connection too many gets 421; a silent one gets 421 and is gone."""

    async def play() -> None:
        async with Sink(max_connections=1, timeout=0.5) as sink:
            reader, writer = await asyncio.open_connection(sink.host, sink.port)
            assert (await reader.readline()).startswith(b"220")
            second, other = await asyncio.open_connection(sink.host, sink.port)
            assert (await second.read()).startswith(b"421 4.3.2")
            assert (await reader.read()).startswith(b"421 4.4.2")
            writer.close()
            other.close()

    run(play())


def test_keeps_messages(tmp_path: Path) -> None:
    """Maildir, mbox and record hold the message, its envelope and what was found out about it."""

    async def play() -> None:
        keepers = [Maildir(tmp_path / "mail"), Mbox(tmp_path / "mbox"), Record(tmp_path / "record")]
        async with Sink(keepers=keepers, keep=0) as sink:
            await asyncio.to_thread(send, sink, "b@example.com", "c@example.com")
            await sink.wait_for(1)
            assert not sink.messages

    asyncio.run(play())
    [file] = (tmp_path / "mail" / "new").iterdir()
    assert file.read_bytes().endswith(LETTER)
    assert b"X-Sink-Recipient: <c@example.com>\r\n" in file.read_bytes()
    assert (tmp_path / "mbox").read_text().startswith("From a@example.org ")
    assert "\n>From here\n" in (tmp_path / "mbox").read_text()
    [line] = (tmp_path / "record").read_text().splitlines()
    assert '"message_id":"<1@example.org>"' in line
    assert '"recipients":["b@example.com","c@example.com"]' in line


def test_counts_bare_newlines(run: Run) -> None:
    """CR and LF that stand alone, and NULs, are counted."""

    async def play() -> None:
        async with Sink() as sink:
            _, writer = await asyncio.open_connection(sink.host, sink.port)
            letter = b"a\nb\rc\0\r\r\n\n\r\n"
            writer.write(
                b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nBDAT %d LAST\r\n%b" % (len(letter), letter)
            )
            await sink.wait_for(1)
            writer.close()
            assert sink.figures.bare_newlines == 4
            assert sink.figures.nuls == 1
            assert sink.messages[0].content == letter

    run(play())


def test_waits_no_longer_than_told() -> None:
    """Waiting for mail that does not come ends with an error that says how much did; an address in use is OSError."""

    async def play() -> None:
        async with Sink() as sink:
            with pytest.raises(TimeoutError, match="0 of 1 messages"):
                await sink.wait_for(1, 0.01)
            with pytest.raises(OSError, match="in use"):
                await Sink(port=sink.port).start()

    asyncio.run(play())


def test_bounds_memory() -> None:
    """`sink.messages` holds the last ones only."""

    async def play() -> None:
        async with Sink(keep=2) as sink:
            for number in range(3):
                await asyncio.to_thread(send, sink, f"b{number}@example.com")
            await sink.wait_for(3)
            assert [message.recipients for message in sink.messages] == [("b1@example.com",), ("b2@example.com",)]

    asyncio.run(play())


def test_takes_a_load(run: Run) -> None:
    """Postfix's load generator delivers many messages over many connections, several sinks in one loop."""
    [source] = need("smtp-source")

    async def feed(sink: Sink) -> None:
        words = ["-d", "-s", "20", "-m", "1000", "-l", "20000", "-f", "a@example.org", "-t", "b@example.com"]
        program = await asyncio.create_subprocess_exec(source, *words, f"{sink.host}:{sink.port}")
        assert await program.wait() == 0
        await sink.wait_for(1000)

    async def play() -> None:
        async with Sink(keep=10) as one, Sink(keep=10) as other:
            await asyncio.gather(feed(one), feed(other))
            assert one.figures.messages == other.figures.messages == 1000
            assert one.figures.bare_newlines == one.figures.duplicates == 0
            assert isinstance(one.messages[0], Received)
            assert one.figures.rate > 0

    run(play())

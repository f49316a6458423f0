"""STARTTLS, implicit TLS and AUTH over real sockets (RFC 3207, 8314, 4954)."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from postduif.mta import metrics, users
from tests.mta import tls_pair
from tests.mta.smtp_door import Caller, Door, serving, until
from tests.mta.tls_pair import TlsPair

Run = Callable[[Coroutine[Any, Any, None]], None]
PLAIN = "AUTH PLAIN " + base64.b64encode(b"\0alice\0open sesame").decode()
WRONG = "AUTH PLAIN " + base64.b64encode(b"\0alice\0open barley").decode()


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Both event loops."""
    return request.param


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsPair:
    """One certificate for all."""
    return tls_pair.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory where alice may log in."""
    directory = tmp_path_factory.mktemp("users")
    users.add(directory, "alice", "open sesame")
    return directory


def test_starttls_then_auth_then_mail(run: Run, tls: TlsPair, data_dir: Path) -> None:
    """After STARTTLS the session begins anew; AUTH with the right password lets mail in, with user and cipher noted."""

    async def story() -> None:
        door = Door()
        async with serving(door, tls_context=tls.server, tls="starttls", auth="required", data_dir=data_dir) as server:
            caller = await Caller.call(server)
            assert "STARTTLS" in await caller.say("EHLO client")
            assert (await caller.say(PLAIN)).startswith("538 5.7.11 ")
            await caller.begin_tls(tls.client)
            assert (await caller.say("MAIL FROM:<one@example.com>")).startswith("503 5.5.1 ")
            offered = await caller.say("EHLO client")
            assert "STARTTLS" not in offered
            assert "AUTH PLAIN LOGIN" in offered
            assert (await caller.say("MAIL FROM:<one@example.com>")).startswith("530 5.7.0 ")
            assert (await caller.say(WRONG)).startswith("535 5.7.8 ")
            assert (await caller.say(PLAIN)).startswith("235 2.7.0 ")
            await caller.open_mail()
            assert (await caller.say(b"x\r\n.\r\n")).startswith("250 2.0.0 ")
            assert (await caller.say("QUIT")).startswith("221 2.0.0 ")
            await caller.hang_up()
        client = door.mails[0][0]
        assert client.user == "alice"
        assert client.tls.startswith("TLSv1.3 TLS_")

    run(story())


def test_implicit_tls(run: Run, tls: TlsPair) -> None:
    """An implicit TLS listener greets inside TLS, and does not offer STARTTLS."""

    async def story() -> None:
        door = Door()
        async with serving(door, tls_context=tls.server, tls="implicit") as server:
            caller = await Caller.call(server, tls.client)
            assert "STARTTLS" not in await caller.say("EHLO client")
            assert (await caller.say("STARTTLS")).startswith("502 5.5.1 ")
            await caller.open_mail()
            large = b"x" * 998 + b"\r\n"
            assert (await caller.say(large * 3000 + b".\r\n")).startswith("250 2.0.0 ")
            await caller.hang_up()
        assert len(door.mails[0][2]) == 3_000_000
        assert door.mails[0][0].tls

    run(story())


@pytest.mark.parametrize("pause", [0, 0.02], ids=["one segment", "two segments"])
def test_starttls_injection(run: Run, tls: TlsPair, pause: float) -> None:
    """What is sent in the clear behind STARTTLS is never done, in the same segment or in the next (CVE-2011-0411)."""

    async def story() -> None:
        async with serving(Door(), tls_context=tls.server, tls="starttls") as server:
            caller = await Caller.call(server)
            await caller.say("EHLO client")
            caller.write(b"STARTTLS\r\n" if pause else b"STARTTLS\r\nNOOP injected\r\n")
            await asyncio.sleep(pause)
            reply = await caller.hear()
            if pause:
                assert reply.startswith("220 2.0.0 ")
                caller.write(b"NOOP injected\r\n")
            else:
                assert reply.startswith("554 5.5.0 ")
            heard = await asyncio.wait_for(caller.reader.read(), 60)
            assert b"250" not in heard
            await until(lambda: server.open_connections == 0)
            await caller.hang_up()

    run(story())


@pytest.mark.parametrize("mode", ["starttls", "implicit"])
def test_broken_handshake_harms_nobody(run: Run, tls: TlsPair, mode: str) -> None:
    """Garbage, silence or hanging up instead of a handshake ends that connection and no other."""

    async def story() -> None:
        async with serving(Door(), tls_context=tls.server, tls=mode, idle_timeout=1) as server:
            failed = metrics.REFUSED.labels(server.label, "tls")._value.get
            before = failed()
            for number, octets in enumerate((b"garbage that is no handshake\r\n" * 10, b"", None), 1):
                caller = await Caller.call(server, greeted=mode == "starttls")
                if mode == "starttls":
                    await caller.say("EHLO client")
                    await caller.say("STARTTLS")
                if octets is None:
                    await caller.hang_up()
                else:
                    caller.write(octets)
                    assert await caller.gone()
                await until(lambda wanted=before + number: failed() == wanted and server.open_connections == 0)
                await caller.hang_up()
            caller = await Caller.call(server, tls.client if mode == "implicit" else None)
            assert (await caller.say("HELO client")).startswith("250 ")
            await caller.hang_up()

    run(story())


def test_limits_hold_before_the_handshake(run: Run, tls: TlsPair) -> None:
    """Clients that do not begin TLS count all the same; stopping does not wait for them."""

    async def story() -> None:
        async with serving(
            Door(), tls_context=tls.server, tls="implicit", max_connections_per_client=2, idle_timeout=60
        ) as server:
            silent = [await Caller.call(server, greeted=False) for _ in range(2)]
            third = await Caller.call(server, greeted=False)
            assert await third.gone()
            await silent[0].hang_up()
            await until(lambda: len(server._handshakes) == 1)
            fourth = await Caller.call(server, tls.client)
            assert (await fourth.say("HELO client")).startswith("250 ")
            await asyncio.wait_for(server.close(0), 60)
            assert await silent[1].gone()
            for caller in (*silent, third, fourth):
                await caller.hang_up()
        assert server._clients._open == {}

    run(story())


def test_reload_does_not_turn_tls_off(run: Run, tls: TlsPair) -> None:
    """A reload that would change between implicit TLS and another way leaves the listener as it is."""

    async def story() -> None:
        async with serving(Door(), tls_context=tls.server, tls="implicit") as server:
            server.reload(server.listener.model_copy(update={"tls": "none"}), None)
            caller = await Caller.call(server, tls.client)
            assert (await caller.say("HELO client")).startswith("250 ")
            await caller.hang_up()

    run(story())


def test_old_tls_is_refused(tls: TlsPair) -> None:
    """TLS 1.1 is not spoken (RFC 8996)."""
    assert tls.server.minimum_version == ssl.TLSVersion.TLSv1_2
    names = {cipher["name"] for cipher in tls.server.get_ciphers()}
    assert not [name for name in names if "CBC" in name or name[-3:] == "SHA" or "RC4" in name or "NULL" in name]


def test_input_during_password_check_is_answered_in_order(run: Run, data_dir: Path) -> None:
    """A command sent while the password is checked waits for the 235 and comes after it."""

    async def story() -> None:
        async with serving(Door(), auth="required", auth_without_tls=True, data_dir=data_dir) as server:
            caller = await Caller.call(server)
            await caller.say("EHLO client")
            caller.write(PLAIN)
            await asyncio.sleep(0.01)
            caller.write("MAIL FROM:<one@example.com>")
            assert (await caller.hear()).startswith("235 2.7.0 ")
            assert (await caller.hear()).startswith("250 2.1.0 ")
            await caller.hang_up()

    run(story())


def test_unreadable_users_are_temporary(run: Run, tmp_path: Path) -> None:
    """When the users cannot be read, AUTH is 454, not 535."""
    (tmp_path / users.FILE).mkdir()

    async def story() -> None:
        async with serving(Door(), auth="required", auth_without_tls=True, data_dir=tmp_path) as server:
            caller = await Caller.call(server)
            await caller.say("EHLO client")
            assert (await caller.say(PLAIN)).startswith("454 4.7.0 ")
            await caller.hang_up()

    run(story())


def test_no_password_is_logged(run: Run, data_dir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """AUTH is logged with user, address and outcome; a password never is, right or wrong, plain or encoded."""

    async def story() -> None:
        async with serving(Door(), auth="required", auth_without_tls=True, data_dir=data_dir) as server:
            caller = await Caller.call(server)
            await caller.say("EHLO client")
            await caller.say(WRONG)
            await caller.say("AUTH LOGIN")
            await caller.say(base64.b64encode(b"alice").decode())
            await caller.say(base64.b64encode(b"open barley").decode())
            await caller.say(PLAIN)
            await caller.hang_up()

    run(story())
    logged = capfd.readouterr().err
    assert "auth user=alice client=127.0.0.1 outcome=failed" in logged
    for secret in ("barley", "sesame", WRONG[11:], PLAIN[11:]):
        assert secret not in logged

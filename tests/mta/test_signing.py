"""The processes that sign beside the event loop."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvloop

from postduif.config.schema import Dkim
from postduif.mta.dkim_keys import SigningKey, generate, load_key
from postduif.mta.signing import Signing
from postduif.processor_order import BEHIND

DIGESTS = [hashlib.sha256(str(number).encode()).digest() for number in range(200)]


@pytest.fixture(params=["rsa", "ed25519"])
def key(request: pytest.FixtureRequest, tmp_path: Path) -> SigningKey:
    """A key as the settings name it."""
    path = tmp_path / "key.pem"
    path.touch(0o600)
    path.write_bytes(generate(request.param))
    return load_key(Dkim(domain="example.com", selector="s", key=path))


@pytest.fixture
def signing() -> Iterator[Signing]:
    """Two processes, ended after the test."""
    signing = Signing(2)
    yield signing
    signing.close()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_signatures_are_the_keys_own(signing: Signing, key: SigningKey, run: object) -> None:
    """Each caller gets the signature of its own digest, as the key itself makes it, from a process behind our own."""

    async def story() -> None:
        made = await asyncio.gather(*(signing.sign(key, digest) for digest in DIGESTS))
        assert made == [key.sign(digest) for digest in DIGESTS]
        assert len(signing.pids) == 2
        own = os.getpriority(os.PRIO_PROCESS, 0)
        # Steps count only between processes that the kernel gives one share of the processor: those of a session.
        assert {os.getpriority(os.PRIO_PROCESS, pid) - own for pid in signing.pids} == {BEHIND}
        assert {os.getsid(pid) for pid in signing.pids} == {os.getsid(0)}

    assert callable(run)
    run(story())


def test_a_process_that_dies_costs_no_signature(signing: Signing, key: SigningKey) -> None:
    """What a killed process had not signed is signed all the same, and another process takes its place."""

    async def story() -> None:
        await signing.sign(key, DIGESTS[0])
        killed = signing.pids[0]
        waiting = [asyncio.ensure_future(signing.sign(key, digest)) for digest in DIGESTS]
        await asyncio.sleep(0)
        os.kill(killed, signal.SIGKILL)
        assert await asyncio.gather(*waiting) == [key.sign(digest) for digest in DIGESTS]
        await signing.sign(key, DIGESTS[0])
        assert len(signing.pids) == 2
        assert killed not in signing.pids

    asyncio.run(story())


def test_a_request_to_stop_is_not_for_them(signing: Signing, key: SigningKey) -> None:
    """SIGTERM to the whole service leaves them signing until the daemon hangs up."""

    async def story() -> None:
        await asyncio.gather(*(signing.sign(key, DIGESTS[0]) for _ in range(8)))  # all of them are at work
        for pid in signing.pids:
            os.kill(pid, signal.SIGTERM)
        pids = signing.pids
        assert await signing.sign(key, DIGESTS[1]) == key.sign(DIGESTS[1])
        assert signing.pids == pids

    asyncio.run(story())


def test_closing_ends_them(key: SigningKey) -> None:
    """After close there is no process left."""
    signing = Signing(1)
    asyncio.run(signing.sign(key, DIGESTS[0]))
    (pid,) = signing.pids
    signing.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_process_that_dies_idle_is_replaced(signing: Signing, key: SigningKey, run: object) -> None:
    """Nobody waits on a process that died while there was nothing to sign."""

    async def story() -> None:
        await signing.sign(key, DIGESTS[0])
        killed = signing.pids[0]
        os.kill(killed, signal.SIGKILL)
        async with asyncio.timeout(60):
            while killed in signing.pids:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            for digest in DIGESTS[:4]:
                assert await signing.sign(key, digest) == key.sign(digest)
        assert len(signing.pids) == 2

    assert callable(run)
    run(story())


def test_without_descriptors_a_thread_signs(key: SigningKey, monkeypatch: pytest.MonkeyPatch) -> None:
    """When no process can be started, the mail is signed all the same."""

    def none_left(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("postduif.worker.subprocess.Popen", none_left)
    assert asyncio.run(Signing(1).sign(key, DIGESTS[0])) == key.sign(DIGESTS[0])

"""The campaign's process beside the daemon: it ends when it is told, comes back when it dies, and outlives nobody."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from postduif import companion
from postduif.campaign.mailings.connection import mailings
from postduif.companion import COMMAND, Companion
from postduif.processor_order import BEHIND
from tests.program import PATIENCE, Program
from tests.stories.roads import free_port


def until(true: Callable[[], object]) -> None:
    """Return once it is so."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """It runs, and is not only waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def campaigns(program: Program) -> list[int]:
    """The campaign's processes that this daemon has."""
    children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"--beside" in _command(pid)]


def _command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has just ended
        return b""


@pytest.mark.parametrize("told", [True, False], ids=["SIGTERM", "let go"])
def test_it_ends_by_itself(tmp_path: Path, *, told: bool) -> None:
    """On SIGTERM, and when the daemon lets go of it, it ends with 0 and without a word."""
    tmp_path.chmod(0o700)
    path = tmp_path / "postduif.toml"
    path.write_text(f'[server]\nhostname = "mta.sender.example"\ndata_dir = "{tmp_path}"\nrun_dir = "{tmp_path}/run"\n')
    command = [sys.executable, *COMMAND, "web", "--config", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until((tmp_path / "campaign" / "mailings.sqlite").exists)
        if told:
            process.send_signal(signal.SIGTERM)
        else:
            assert process.stdin is not None
            process.stdin.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_it_comes_back_and_ends_with_the_daemon(tmp_path: Path) -> None:
    """Killed, it is started again; when the daemon is killed it ends."""
    with Program(tmp_path, "") as program:
        with mailings(tmp_path / "queue"):
            pass
        program.start()
        program.wait_told("READY=1")
        until(lambda: campaigns(program))
        (first,) = campaigns(program)
        os.kill(first, signal.SIGKILL)
        until(lambda: [pid for pid in campaigns(program) if pid != first])
        (second,) = campaigns(program)
        program.kill()
        until(lambda: not lives(second))


def answers(port: int, path: str) -> bool:
    """Somebody serves that page there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_the_pages_are_beside_the_daemon(tmp_path: Path) -> None:
    """Both addresses are served by processes of their own, follow the settings, and end with the daemon, with 0.

    When memory is used up the kernel ends them before the daemon, and when the cores are, they wait for it.
    """
    pages, readers = free_port(), free_port()
    settings = f'[web]\naddress = "127.0.0.1:{pages}"\n'
    more = f'public_url = "https://news.example.com"\npublic_address = "127.0.0.1:{readers}"\n'
    with Program(tmp_path, settings) as program:
        program.start()
        program.wait_told("READY=1")
        until(lambda: answers(pages, "/sign-in"))
        (beside,) = campaigns(program)
        assert [Path(f"/proc/{pid}/oom_score_adj").read_text() for pid in (beside, program.pid)] == ["500\n", "0\n"]
        assert os.getpriority(os.PRIO_PROCESS, beside) - os.getpriority(os.PRIO_PROCESS, program.pid) == BEHIND
        with program.path.open("a") as file:
            file.write(more)
        program.send(signal.SIGHUP)
        until(lambda: len(campaigns(program)) == 2 and answers(pages, "/sign-in") and answers(readers, "/o/x.gif"))
        program.send(signal.SIGTERM)
        assert program.ended() == 0
        assert "campaign_ended" not in program.log.read_text()


def test_what_cannot_be_started_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When there is no room for a process it is as if it had died."""
    tries: list[None] = []

    async def none(*_: object, **__: object) -> None:
        tries.append(None)
        raise OSError(errno.EAGAIN, "no room")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", none)
    monkeypatch.setattr(companion, "FIRST_WAIT", 0.001)

    async def tried() -> None:
        task = asyncio.create_task(Companion(tmp_path / "postduif.toml", "web", tmp_path.exists).run())
        async with asyncio.timeout(PATIENCE):
            while len(tries) < 3:
                assert not task.done()
                await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(tried())

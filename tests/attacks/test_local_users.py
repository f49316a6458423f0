"""Other users of the same machine: they can neither ask the daemon nor read what it has, whatever the umask was."""

from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path

import pytest

from tests.ordinary import ordinary_user
from tests.world import World


def modes(directory: Path) -> dict[str, int]:
    """Files and directories below, and their permissions."""
    return {str(path): stat.S_IMODE(path.lstat().st_mode) for path in directory.rglob("*")}


def test_everything_is_the_owners_alone(world: World) -> None:
    """The queue, the users and the control socket are closed to group and others, and so are their directories."""
    world.deliver()
    found = {name: mode for place in ("queue", "run") for name, mode in modes(world.directory / place).items()}
    assert any(name.endswith("control.sock") for name in found)
    assert any(name.endswith("queue.sqlite") for name in found)
    assert {name: oct(mode) for name, mode in found.items() if mode & 0o077} == {}
    assert stat.S_IMODE((world.directory / "queue").stat().st_mode) == 0o700
    assert stat.S_IMODE((world.directory / "run").stat().st_mode) & 0o022 == 0


def test_another_user_cannot_connect_to_the_control_socket(world: World) -> None:
    """Connecting is refused by the kernel, also where the directories on the way are open."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    control = world.directory / "run" / "control.sock"
    for place in (control.parent, world.directory):
        place.chmod(0o755)
    try:
        with ordinary_user(), socket.socket(socket.AF_UNIX) as client, pytest.raises(PermissionError):
            client.connect(str(control))
    finally:
        for place in (control.parent, world.directory):
            place.chmod(0o700)


@pytest.mark.parametrize(
    "octets",
    [
        b"\xff\xfe\n",
        b"[]\n",
        b"{}\n",
        b'"x"\n',
        b'{"do": "__class__"}\n',
        b'{"do": 1}\n',
        b"[" * 5000 + b"\n",
        b"{" * 99 + b"\n",
    ],
)
def test_nonsense_on_the_control_socket(world: World, octets: bytes) -> None:
    """What is no request is answered as an error, or not at all; the daemon serves on."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(str(world.directory / "run" / "control.sock"))
        client.sendall(octets)
        answer = client.makefile("rb").readline()
    assert not answer or "error" in json.loads(answer)
    world.remote.to(world.deliver())


def test_endless_octetsis_cut_off(world: World) -> None:
    """A request without end is dropped at a megabyte, and the memory comes back."""
    before = world.memory()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(str(world.directory / "run" / "control.sock"))
        with pytest.raises(ConnectionError):
            client.sendall(b"x" * 50_000_000)
    assert world.memory() - before < 8_000_000

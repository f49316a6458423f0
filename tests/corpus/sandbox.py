"""Runs one relay apart from this machine: `python -m tests.corpus.sandbox NAME DIRECTORY`.

It is started in a mount and a UTS namespace. Its root is an overlay: this machine's files below, a tmpfs on top. The
package of Debian is installed into that, with its users and its ordinary paths, and starts no service. What follows
happens in a network and a process namespace of its own, where only loopback is. All processes end with the last line of
`making`, and nothing stays on this machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.corpus.fates import RELAY
from tests.corpus.known import RELAYS

PROJECT = Path(__file__).parents[2]
DEVICES = ("null", "zero", "full", "random", "urandom")


def main(name: str, directory: str) -> int:
    """The exit status of `making`. Must be root, in namespaces that `unshare --mount --uts` made."""
    with tempfile.TemporaryDirectory(prefix="postduif-corpus-") as scratch:
        place = Path(scratch)
        _run("mount", "-t", "tmpfs", "none", place)
        try:
            root = _overlay(place)
            _run("hostname", RELAY)  # packages note it
            _install(root, RELAYS[name].packages)
            _name(root)
            inside: list[str | Path] = [
                "unshare",
                "--net",
                "--pid",
                "--fork",
                "--kill-child",
                "--root",
                root,
                "--wd",
                PROJECT,
            ]
            making = [sys.executable, "-m", "tests.corpus.making", name, directory]
            return subprocess.run([*inside, *making], check=False, env=_environment()).returncode
        finally:
            _run("umount", "--recursive", "--lazy", place)


def _overlay(place: Path) -> Path:
    upper, work, root = (place / name for name in ("upper", "work", "root"))
    for directory in (upper, work, root):
        directory.mkdir()
    _run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={upper},workdir={work}", root)
    for name, mode in (("tmp", "1777"), ("run", "755"), ("dev", "755")):
        _run("mount", "-t", "tmpfs", "-o", f"mode={mode}", "none", root / name)
    _run("mount", "-t", "proc", "none", root / "proc")
    _run("mount", "--bind", PROJECT, root / PROJECT.relative_to("/"))
    for device in DEVICES:
        (root / "dev" / device).touch()
        _run("mount", "--bind", Path("/dev") / device, root / "dev" / device)
    return root


def _install(root: Path, packages: Sequence[str]) -> None:
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")  # no package starts what it brings
    policy.chmod(0o755)
    install = ["apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", "--allow-downgrades"]
    log = root / "tmp" / "install.log"
    with log.open("wb") as output:
        done = subprocess.run(
            ["chroot", root, *install, *packages], check=False, stdout=output, stderr=output, env=_environment()
        )
    if done.returncode:
        sys.exit(f"apt-get install {' '.join(packages)}:\n{log.read_text(errors='replace')[-3000:]}")


def _name(root: Path) -> None:
    """The host is RELAY from now on, has one user, and asks only the DNS server of the test."""
    _run("chroot", root, "useradd", "--create-home", "tess")
    for name, text in (
        ("hostname", f"{RELAY}\n"),
        ("mailname", f"{RELAY}\n"),
        ("hosts", f"127.0.0.1 localhost\n127.0.0.1 {RELAY}\n"),
        ("resolv.conf", "search .\nnameserver 127.0.0.1\noptions timeout:1 attempts:1\n"),
    ):
        path = root / "etc" / name
        path.unlink(missing_ok=True)
        path.write_text(text)


def _environment() -> dict[str, str]:
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "LC_ALL": "C", "TZ": "UTC", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    assert os.geteuid() == 0
    sys.exit(main(*sys.argv[1:]))

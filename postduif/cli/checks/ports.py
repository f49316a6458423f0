"""Ports: free, or held by a Postduif that runs already."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from pathlib import Path

from postduif.config.lines import KeyPath
from postduif.config.load import Loaded
from postduif.config.schema import HostPort
from postduif.mta import control
from postduif.mta.soundness.finding import About, Finding

_TIMEOUT = 1.0  # seconds the control socket has to answer
_FIRST_FREE_FOR_ALL = 1024


def ports(loaded: Loaded) -> Iterator[Finding]:
    """Each address of ours can be bound, which is tried."""
    config = loaded.config
    wanted: list[tuple[KeyPath, HostPort]] = [
        (("listener", index, "address"), listener.address) for index, listener in enumerate(config.listener)
    ]
    if config.http.address:
        wanted.append((("http", "address"), config.http.address))
    if config.metrics.address:
        wanted.append((("metrics", "address"), config.metrics.address))
    running = is_running(config.server.run_dir)
    for path, endpoint in wanted:
        yield _port(About(loaded, *path), endpoint, running=running)


def is_running(run_dir: Path) -> bool:
    """A daemon answers on the control socket in `run_dir`."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_TIMEOUT)
        try:
            client.connect(str(run_dir / control.NAME))
        except OSError:
            return False
    return True


def _port(about: About, endpoint: HostPort, *, running: bool) -> Finding:
    number = _bind(endpoint)
    if not number:
        return about.ok(f"{endpoint}: takes a free port" if not endpoint.port else f"{endpoint}: free")
    if number == errno.EADDRINUSE and running:
        return about.warning(
            f"{endpoint}: in use, it seems by the running Postduif", "nothing to do if it listens there already"
        )
    if number == errno.EADDRINUSE:
        return about.error(
            f"{endpoint}: in use by another program",
            f"see which with `ss -ltnp 'sport = :{endpoint.port}'` and stop it, or write another port",
        )
    if number == errno.EACCES and endpoint.port < _FIRST_FREE_FOR_ALL:
        return about.warning(
            f"{endpoint}: only root and systemd may open ports below {_FIRST_FREE_FOR_ALL}, so this was not tried",
            "let systemd open it: `systemctl enable --now postduif.socket`",
        )
    if number in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return about.error(f"{endpoint}: this host has no such address", "write one that `ip address` shows")
    return about.error(f"{endpoint}: cannot be opened ({errno.errorcode.get(number, number)})", "write another address")


def _bind(endpoint: HostPort) -> int:
    """0, or the error number that binding it gives."""
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((endpoint.host, endpoint.port))
            listener.listen(1)
    except OSError as error:
        return error.errno or errno.EINVAL
    return 0

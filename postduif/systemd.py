"""What systemd wants of a daemon: readiness, watchdog, sockets (sd_notify(3), sd_listen_fds(3)). No library needed."""

from __future__ import annotations

import contextlib
import os
import socket

_FIRST_FD = 3


def notify(*state: str) -> None:
    """Tell systemd `READY=1`, `RELOADING=1`, `STOPPING=1`, `WATCHDOG=1`, `STATUS=...`; without systemd, nobody."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto("\n".join(state).encode(), address)


def watchdog_seconds() -> float | None:
    """How often systemd wants to hear `WATCHDOG=1`: half of WatchdogSec; None when it does not."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdigit() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(microseconds) / 2_000_000


def listen_sockets() -> list[socket.socket]:
    """The listening sockets that systemd opened for us, if any."""
    count = os.environ.get("LISTEN_FDS", "")
    if not count.isdigit() or os.environ.get("LISTEN_PID", "") != str(os.getpid()):
        return []
    sockets = [socket.socket(fileno=_FIRST_FD + index) for index in range(int(count))]
    for one in sockets:
        one.setblocking(False)  # noqa: FBT003  it takes no name
        os.set_inheritable(one.fileno(), False)  # noqa: FBT003
    return sockets

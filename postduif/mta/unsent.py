"""What became of the octets that were written to a TCP socket, as far as the kernel knows (Linux).

It decides whether a mail is in doubt when a connection breaks: an end of data that never left this machine cannot have
been taken. And it takes back what has not left.
"""

from __future__ import annotations

import fcntl
import socket
import struct

_SIOCOUTQ = 0x5411  # linux/sockios.h: octets that the peer has not acknowledged
_SIOCOUTQNSD = 0x894B  # octets that were not sent at all
_INT = struct.Struct("i")
_LINGER = {True: struct.pack("ii", 1, 0), False: struct.pack("ii", 0, 0)}


def not_sent(fd: int) -> int:
    """Octets in the socket's buffer that were never sent; 0 when that cannot be known."""
    return _ask(fd, _SIOCOUTQNSD)


def not_acknowledged(fd: int) -> int:
    """Octets that the peer's machine has not confirmed; 0 when that cannot be known."""
    return _ask(fd, _SIOCOUTQ)


def reset_when_closed(sock: socket.socket, *, yes: bool = True) -> None:
    """Closing ends the connection with RST and drops what is unsent: a peer that never reads holds nothing of ours.

    Without this the kernel would go on sending after the close, and the peer might take a mail that we have given up.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER[yes])


def _ask(fd: int, question: int) -> int:
    try:
        octets: int = _INT.unpack(fcntl.ioctl(fd, question, bytes(_INT.size)))[0]
    except (OSError, ValueError):  # closed already
        return 0
    return octets

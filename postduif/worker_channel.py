"""The other end of `worker`, in the process itself. It imports little, because every start waits for it."""

from __future__ import annotations

import signal
import socket
import sys


def channel() -> socket.socket:
    """The socket to the daemon. Signals that ask to stop are the daemon's business: it hangs up."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return socket.socket(fileno=int(sys.argv[1]))

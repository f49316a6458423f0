"""The one place where trouble with a connection becomes a Reply. What is unknown is transient."""

from __future__ import annotations

import errno
import ssl

from postduif.errors import RemoteProtocolError
from postduif.mta.client_session import Step
from postduif.reply import Reply

_BY_ERRNO = {
    errno.ECONNREFUSED: ("4.4.1", "connection refused"),
    errno.ETIMEDOUT: ("4.4.1", "connection timed out"),
    errno.EHOSTUNREACH: ("4.4.1", "no route to the host"),
    errno.ENETUNREACH: ("4.4.1", "the network is unreachable"),
    errno.ECONNRESET: ("4.4.2", "connection reset"),
    errno.EPIPE: ("4.4.2", "connection closed"),
    errno.EMFILE: ("4.3.2", "out of file descriptors here"),
    errno.ENFILE: ("4.3.2", "out of file descriptors here"),
}


def reply_for(error: BaseException, stage: str) -> Reply:
    """A transient Reply of ours for an error at a stage ("connecting", "greeting", ...)."""
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or type(error).__name__).replace("_", " ").lower()
        return Reply(454, "4.7.5", f"TLS failed: {reason}")
    if isinstance(error, TimeoutError) and not (isinstance(error, OSError) and error.errno):
        return Reply(421, "4.4.2" if stage != "connecting" else "4.4.1", f"timed out while {stage}")
    if isinstance(error, RemoteProtocolError):
        return Reply(421, "4.5.0", f"the remote broke the protocol while {stage}: {error}")
    if isinstance(error, OSError) and error.errno in _BY_ERRNO:
        status, text = _BY_ERRNO[error.errno]
        return Reply(421, status, f"{text} while {stage}")
    return Reply(421, "4.4.2", f"connection lost while {stage}")


STAGES = {
    Step.GREETING: "waiting for the greeting",
    Step.EHLO: "waiting for the reply to EHLO",
    Step.HELO: "waiting for the reply to HELO",
    Step.STARTTLS: "waiting for the reply to STARTTLS",
    Step.MAIL: "waiting for the reply to MAIL",
    Step.RCPT: "waiting for the reply to RCPT",
    Step.DATA: "waiting for the reply to DATA",
    Step.FINAL: "waiting for the final reply",
    Step.RSET: "waiting for the reply to RSET",
    Step.QUIT: "waiting for the reply to QUIT",
}
"""What we were doing, by the step whose reply was awaited."""

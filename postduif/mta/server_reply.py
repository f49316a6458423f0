"""What the SMTP server says, as bytes ready for the wire. Fixed texts: nothing of the input, of a path, an exception
or a version is ever in one. Every reply but the greeting, EHLO's, HELO's and 354 has an enhanced code (RFC 2034).
"""

from __future__ import annotations

import functools

from postduif.reply import Reply


def _reply(code: int, enhanced: str, text: str) -> bytes:
    return Reply(code, enhanced, text).encode()


# --- it is done
OK = _reply(250, "2.0.0", "Ok")
SENDER_OK = _reply(250, "2.1.0", "Sender ok")
RECIPIENT_OK = _reply(250, "2.1.5", "Recipient ok")
CHUNK_OK = _reply(250, "2.0.0", "Chunk ok")
VERIFY = _reply(252, "2.1.5", "Cannot verify; send the mail and see")
HELP = _reply(214, "2.0.0", "See RFC 5321")
BYE = _reply(221, "2.0.0", "Bye")
AUTHENTICATED = _reply(235, "2.7.0", "Authentication succeeded")
START_TLS = _reply(220, "2.0.0", "Ready to start TLS")
START_DATA = _reply(354, "", "End data with <CRLF>.<CRLF>")

# --- the command is wrong
UNKNOWN = _reply(500, "5.5.2", "Command not recognized")
LINE_END = _reply(500, "5.5.2", "Lines end in CRLF")
CHARACTERS = _reply(500, "5.5.2", "Characters that do not belong in a command")
LINE_LENGTH = _reply(500, "5.5.2", "Line too long")
NO_ARGUMENT = _reply(501, "5.5.4", "This command takes no argument")
NEEDS_ARGUMENT = _reply(501, "5.5.4", "This command needs an argument")
NOT_IMPLEMENTED = _reply(502, "5.5.1", "Command not implemented")
HELLO_FIRST = _reply(503, "5.5.1", "Send EHLO first")
ORDER = _reply(503, "5.5.1", "Bad sequence of commands")

# --- AUTH (RFC 4954)
AUTH_TWICE = _reply(503, "5.5.1", "Already authenticated")
NO_AUTH = _reply(503, "5.5.1", "Authentication is not offered")
MECHANISM = _reply(504, "5.5.4", "Mechanism not recognized; PLAIN and LOGIN are")
AUTH_FAILED = _reply(535, "5.7.8", "Authentication credentials invalid")
AUTH_NEEDS_TLS = _reply(538, "5.7.11", "Encryption required; send STARTTLS first")
AUTH_LATER = _reply(454, "4.7.0", "Too many failed authentications; try again later")
AUTH_BROKEN = _reply(454, "4.7.0", "Temporary authentication failure")

# --- limits and content
TOO_MANY_RECIPIENTS = _reply(452, "4.5.3", "Too many recipients; send the rest in another message")
TOO_LARGE = _reply(552, "5.3.4", "Message too large")
BARE_NEWLINE = _reply(554, "5.6.0", "Bare CR, bare LF or NUL in the message; lines end in CRLF")
NO_MEMORY = _reply(452, "4.3.1", "Too much mail at once; try again later")
LONG_LINE = _reply(554, "5.6.0", "A line of the message is too long")
FAILED = _reply(451, "4.3.0", "Something went wrong here; try again later")

# --- and the connection ends
SYNCHRONIZATION = _reply(554, "5.5.0", "Synchronization error; wait for the reply")
TOO_MANY_CONNECTIONS = _reply(421, "4.7.0", "Too many connections; try again later")
TOO_MANY_ERRORS = _reply(421, "4.7.0", "Too many errors")
TOO_MANY_COMMANDS = _reply(421, "4.7.0", "Too many commands without a message")
TOO_MANY_FAILURES = _reply(421, "4.7.0", "Too many failed authentications")
TIMEOUT = _reply(421, "4.4.2", "Timeout")
TOO_SLOW = _reply(421, "4.4.2", "Too slow")
STOPPING = _reply(421, "4.3.2", "Service shutting down")


@functools.lru_cache
def extensions(hostname: str, *, size: int, starttls: bool, auth: bool) -> bytes:
    """The reply to EHLO (RFC 5321 4.1.1.1)."""
    lines = [hostname, "PIPELINING", f"SIZE {size}", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES", "DSN"]
    if starttls:
        lines.append("STARTTLS")
    if auth:
        lines.append("AUTH PLAIN LOGIN")
    return Reply(250, "", "\n".join(lines)).encode()


@functools.lru_cache
def greeting(hostname: str) -> bytes:
    """The first line."""
    return Reply(220, "", f"{hostname} ESMTP").encode()


@functools.lru_cache
def hello(hostname: str) -> bytes:
    """The reply to HELO: no extensions."""
    return Reply(250, "", hostname).encode()

"""Hand one mail to a running daemon by SMTP, as any application would: to its first submission listener.

All recipients or none: when one is refused the transaction is dropped and the refusal names it. 8BITMIME, SMTPUTF8
and DSN parameters (RFC 6152, 6531, 3461) are used as the mail needs and the server offers.
"""

from __future__ import annotations

import ipaddress
import re
import smtplib
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from postduif import header
from postduif.address import Address
from postduif.config.kinds import HostPort
from postduif.config.schema import Config
from postduif.errors import ConfigError, PostduifError
from postduif.reply import Reply

TIMEOUT = 60.0  # seconds, each reply

_QUEUED_AS = re.compile(r"queued as (\S+)", re.IGNORECASE)


class NotTaken(PostduifError):  # noqa: N818  as in SMTP
    """The mail is with nobody but the caller. `reply` says why; 421 when there was no conversation."""

    def __init__(self, reply: Reply, about: str = "") -> None:
        super().__init__(f"{about}: {reply}" if about else str(reply))
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the sender wants to hear (RFC 3461): NOTIFY, RET and ENVID as they go over the wire; "" is unsaid."""

    notify: str = ""
    ret: str = ""
    envid: str = ""


def door(config: Config) -> HostPort:
    """Where this machine's own mail goes in: the first submission listener that asks for neither TLS nor a password.

    Raises ConfigError.
    """
    for listener in config.listener:
        usable = listener.role == "submission" and listener.tls != "implicit" and listener.auth != "required"
        if usable and listener.address.port:
            return listener.address
    raise ConfigError(
        "no submission listener takes mail from this machine without a password; add one "
        '([[listener]] address = "127.0.0.1:2525", trusted = ["127.0.0.0/8"]), or name a server'
    )


def hand_over(
    server: HostPort,
    sender: Address,
    recipients: Sequence[Address],
    content: bytes,
    *,
    hostname: str,
    wishes: Wishes = Wishes(),
    timeout: float = TIMEOUT,
) -> str:
    """Submit one mail, lines ending in CRLF, and return what the server calls it. Raises NotTaken."""
    try:
        with smtplib.SMTP(_reachable(server.host), server.port, hostname, timeout) as client:
            return _transaction(client, sender, recipients, content, wishes)
    except smtplib.SMTPResponseException as error:
        raise NotTaken(_reply(error.smtp_code, error.smtp_error)) from None
    except (OSError, smtplib.SMTPException) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise NotTaken(
            Reply(421, "4.4.1", f"no conversation with {server} ({reason}); is `postduif serve` running?")
        ) from None


def _transaction(
    client: smtplib.SMTP, sender: Address, recipients: Sequence[Address], content: bytes, wishes: Wishes
) -> str:
    client.ehlo_or_helo_if_needed()
    mail, rcpt = _parameters(client, [sender, *recipients], content, wishes)
    _command(client, f"MAIL FROM:<{sender}>{mail}", f"sender <{sender}>")
    for recipient in recipients:
        _command(client, f"RCPT TO:<{recipient}>{rcpt}", f"recipient <{recipient}>")
    reply = _reply(*client.data(content))
    if not reply.positive:
        raise NotTaken(reply)
    match = _QUEUED_AS.search(reply.text)
    return match[1] if match else reply.text


def _parameters(client: smtplib.SMTP, addresses: Sequence[Address], content: bytes, wishes: Wishes) -> tuple[str, str]:
    """What is added to MAIL and to RCPT."""
    mail = rcpt = ""
    if not content.isascii() and client.has_extn("8bitmime"):
        mail += " BODY=8BITMIME"
    if not header.split(content)[0].isascii() or not all(address.ascii for address in addresses):
        if not client.has_extn("smtputf8"):
            raise NotTaken(Reply(550, "5.6.7", "an address or header beyond ASCII needs SMTPUTF8, which it lacks"))
        client.command_encoding = "utf-8"
        mail += " SMTPUTF8"
    if client.has_extn("dsn"):
        mail += f" RET={wishes.ret}" if wishes.ret else ""
        mail += f" ENVID={wishes.envid}" if wishes.envid else ""
        rcpt += f" NOTIFY={wishes.notify}" if wishes.notify else ""
    return mail, rcpt


def _command(client: smtplib.SMTP, line: str, about: str) -> None:
    reply = _reply(*client.docmd(line))
    if not reply.positive:
        raise NotTaken(reply, about)


def _reply(code: int, text: bytes | str) -> Reply:
    octets = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    return Reply.decode(code, octets.split(b"\n"))


def _reachable(host: str) -> str:
    """A listener on all addresses is reached by loopback."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 or not socket.has_ipv6 else "::1"

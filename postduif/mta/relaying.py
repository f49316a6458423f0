"""Who may send mail through us, and to whom (RFC 6409 sections 3 and 4, RFC 5321 3.6).

A submission listener takes mail to anywhere, from those who may relay. An inbound listener takes mail for our own
addresses only (postmaster and abuse, RFC 2142), from anybody. No form of local part (`a%b`, `a!b`, `"a@b"`) changes
the domain that decides. Pure functions; nothing here waits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from postduif import address, sender_pattern
from postduif.address import Address
from postduif.config.schema import Config, Listener
from postduif.envelope import Notify, Recipient
from postduif.reply import Reply

if TYPE_CHECKING:
    from postduif.mta.submission import Client

OWN_LOCALPARTS = frozenset({"postmaster", "abuse"})

_AUTHENTICATE = Reply(530, "5.7.0", "authentication required")
_NO_RELAY = Reply(550, "5.7.1", "relaying denied")
_UNKNOWN = Reply(550, "5.1.1", "no such mailbox here")
NOT_YOURS = Reply(553, "5.7.1", "this sender address is not one that you may use")
_SENDER_DOMAIN = Reply(550, "5.1.8", "the sender's domain is not fully qualified")
_RECIPIENT_DOMAIN = Reply(550, "5.1.2", "the recipient's domain is not fully qualified")


def may_relay(client: Client) -> bool:
    """The client may send to anywhere and is believed when it names a stream."""
    if client.listener.role != "submission":
        return False
    if client.user and client.listener.auth != "none":
        return True
    return client.trusted and client.listener.auth != "required"


def may_send(client: Client, sender: Address) -> Reply | None:
    """The verdict on MAIL; None is yes."""
    if client.listener.auth == "required" and not client.user:
        return _AUTHENTICATE
    if client.listener.auth == "optional" and client.listener.role == "submission" and not may_relay(client):
        return _AUTHENTICATE
    if not sender.localpart:
        return None
    if not _qualified(sender.domain):
        return _SENDER_DOMAIN
    return None if sender_pattern.allows(client.senders, sender) else NOT_YOURS


def may_receive(config: Config, client: Client, recipient: Address) -> Reply | None:
    """The verdict on RCPT; None is yes."""
    if client.listener.role == "inbound":
        if not _is_own(config, recipient):
            at_us = not recipient.domain or recipient.domain == config.server.hostname.lower()
            return _UNKNOWN if at_us else _NO_RELAY
        return None if config.server.postmaster else _UNKNOWN
    if not may_relay(client):
        return _NO_RELAY
    if not recipient.domain:
        return None if _is_own(config, recipient) and config.server.postmaster else _UNKNOWN
    return None if _qualified(recipient.domain) else _RECIPIENT_DOMAIN


def rewritten(config: Config, listener: Listener, recipients: list[Recipient]) -> list[Recipient]:
    """The recipients with our own addresses replaced by server.postmaster, once each.

    What came in by an inbound listener makes no notifications: its sender is a stranger's word (backscatter).
    """
    if listener.role == "inbound":
        recipients = [replace(recipient, notify=Notify.NEVER) for recipient in recipients]
    if not config.server.postmaster or not any(_is_own(config, recipient.address) for recipient in recipients):
        return recipients
    target = address.parse(config.server.postmaster)  # checked when the settings were read
    out: list[Recipient] = []
    for recipient in recipients:
        if _is_own(config, recipient.address):
            recipient = replace(recipient, address=target)  # noqa: PLW2901  the recipient as it is queued
        if all(recipient.address != other.address for other in out):
            out.append(recipient)
    return out


def _is_own(config: Config, recipient: Address) -> bool:
    name = recipient.localpart.lower()
    if not recipient.domain:
        return name == "postmaster"
    return name in OWN_LOCALPARTS and recipient.domain in (config.server.hostname.lower(), config.bounce.domain)


def _qualified(domain: str) -> bool:
    return domain.startswith("[") or "." in domain

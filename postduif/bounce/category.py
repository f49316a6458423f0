"""What a reply says about a recipient: the categories, and how much each one weighs against the address.

A permanent reply is no proof of a bad address. Only what is about the recipient or its domain may count against it;
what is about us, our message or their system never does (severity "block", or "soft" where time may heal it).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["hard", "soft", "block", "none"]


class Category(NamedTuple):
    """Which family it belongs to, what it weighs when it is permanent, and what it means."""

    group: str
    severity: Severity
    meaning: str


CATEGORIES = {
    "recipient_unknown": Category("recipient", "hard", "There is no such address."),
    "recipient_moved": Category("recipient", "hard", "The address was given up for another one."),
    "recipient_disabled": Category("recipient", "soft", "The mailbox is there, but closed or asleep."),
    "recipient_filtered": Category("recipient", "soft", "The recipient, or a list, does not want mail from us."),
    "mailbox_full": Category("mailbox_full", "soft", "The mailbox is over its quota."),
    "domain_unknown": Category("domain", "hard", "The domain does not exist."),
    "domain_no_mail": Category("domain", "hard", "The domain or host takes no mail at all."),
    "network": Category("network", "soft", "No host of the domain could be reached, or DNS did not answer."),
    "expired": Category("network", "soft", "It was tried until its time was up."),
    "spam": Category("content", "block", "The message looks like spam."),
    "virus": Category("content", "block", "The message, or something in it, looks harmful."),
    "content": Category("content", "block", "The message is badly formed or holds what they do not take."),
    "too_large": Category("content", "block", "The message is too large."),
    "auth": Category("block", "block", "SPF, DKIM, DMARC or ARC failed, or we had to log in."),
    "blocked": Category("block", "block", "Our IP address or name is on a block list, or refused outright."),
    "reputation": Category("block", "block", "Our reputation is too low for them."),
    "ptr": Category("block", "block", "The reverse DNS or the greeting name of our host is not to their liking."),
    "sender_rejected": Category("block", "block", "They do not take mail from this sender address."),
    "policy": Category("block", "block", "A rule of theirs forbids it."),
    "relaying": Category("block", "block", "The host does not take mail for this domain."),
    "rate_limited": Category("rate_limited", "block", "Too much, too fast, or greylisted."),
    "tls": Category("system", "soft", "TLS could not be started, or not as one side demands."),
    "protocol": Category("system", "soft", "One side did not understand the other."),
    "system": Category("system", "soft", "Something is wrong with their system."),
    "storage": Category("system", "soft", "Their disks are full."),
    "complaint": Category("complaint", "none", "The recipient says it is spam."),
    "auto_reply": Category("auto_reply", "none", "The recipient is away, or a program answered."),
    "delivered": Category("delivered", "none", "It was delivered, or only delayed."),
    "suppressed": Category("suppressed", "soft", "A relay on the way keeps the address on its own suppression list."),
    "unknown": Category("unknown", "soft", "No rule knows the reply."),
}


def severity(category: str, code: int) -> Severity:
    """What a reply of this category and SMTP code (0: none) weighs: hard only when it is not transient."""
    weight = CATEGORIES[category].severity
    return "soft" if weight == "hard" and 400 <= code < 500 else weight

"""Each DKIM signature of a message, judged by dkimpy with keys from DNS or from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import dkim

from postduif.cli.checks.records import Lookup, LookupFailed

Keys = Lookup | Sequence[str]
"""Where public keys come from: DNS, or these records alone, whatever name a signature gives."""

MAX_SIGNATURES = 20  # of one message that are looked at


class Signature(NamedTuple):
    """What is known of one signature. `reason` says why it is bad; "" when it is good."""

    domain: str
    selector: str
    algorithm: str
    good: bool
    reason: str


def verify(content: bytes, keys: Keys) -> list[Signature]:
    """All signatures, from the top. Never raises for what a message holds."""
    try:
        message = dkim.DKIM(content)
    except dkim.DKIMException as error:
        return [Signature("", "", "", good=False, reason=str(error))] if b"dkim-signature:" in content.lower() else []
    values = [value for name, value in message.headers if name.lower() == b"dkim-signature"]
    return [_one(message, index, value, keys) for index, value in enumerate(values[:MAX_SIGNATURES])]


def _one(message: dkim.DKIM, index: int, value: bytes, keys: Keys) -> Signature:
    try:
        tags = {key.decode(): text.decode() for key, text in dkim.parse_tag_value(value).items()}
    except (ValueError, dkim.InvalidTagValueList) as error:
        return Signature("", "", "", good=False, reason=str(error) or "not a list of tags")
    domain, selector, algorithm = (tags.get(name, "") for name in "dsa")
    try:
        records = _records(keys, domain, selector, algorithm)
    except LookupFailed as error:
        return Signature(domain, selector, algorithm, good=False, reason=str(error))
    reason = f"no key for {algorithm} was given" if isinstance(keys, Sequence) else "no key in DNS"
    for record in records:
        reason = _reason(message, index, record)
        if not reason:
            break
    return Signature(domain, selector, algorithm, good=not reason, reason=reason)


def _records(keys: Keys, domain: str, selector: str, algorithm: str) -> list[str]:
    if isinstance(keys, Lookup):
        return keys(f"{selector}._domainkey.{domain}", "TXT")
    kind = algorithm.partition("-")[0]
    return [record for record in keys if _kind(record) == kind]


def _kind(record: str) -> str:
    """k= of a record, by default rsa (RFC 6376 3.6.1)."""
    for tag in record.split(";"):
        name, _, value = tag.partition("=")
        if name.strip() == "k":
            return value.strip()
    return "rsa"


def _reason(message: dkim.DKIM, index: int, record: str) -> str:
    """Why the signature is bad with this key; "" when it is good."""
    try:
        good = message.verify(index, dnsfunc=lambda name, timeout=5: record.encode())
    except Exception as error:  # any message must be survived; dkimpy raises many things
        return str(error) or type(error).__name__
    return "" if good else "the signature does not match"

"""Checks every DKIM signature of a message with dkimpy (RFC 6376, RFC 8463), away from the event loop.

dkimpy is pure Python and takes about a millisecond a signature: with one thread the sink shares its processor with it,
with processes it does not.
"""

from __future__ import annotations

import functools
import signal
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import dkim
import dns.exception
import dns.resolver

from postduif.config.kinds import HostPort
from postduif.sink.keys import name, record
from postduif.sink.received import Signature

MAX_SIGNATURES = 20  # of one message that are looked at
_TIMEOUT = 5.0  # seconds for one key from DNS


class Verifier:
    """Finds keys and checks signatures. It can be sent to another interpreter."""

    def __init__(self, keys: Mapping[str, str], nameserver: HostPort | None = None) -> None:
        """`keys`: record name to PEM key or record text; others are asked of `nameserver`. Raises ValueError."""
        self._keys = {name(owner): record(text) for owner, text in keys.items()}
        self._nameserver = nameserver

    def verify(self, content: bytes) -> tuple[Signature, ...]:
        """All signatures, in the order of their fields. Never raises: whatever a message holds, it is only bad."""
        try:
            message = dkim.DKIM(content)
            fields = [value for field, value in message.headers if field.lower() == b"dkim-signature"]
        except dkim.DKIMException as error:
            return (
                (Signature("", "", "", good=False, reason=str(error)),) if b"dkim-signature:" in content.lower() else ()
            )
        return tuple(self._one(message, index, value) for index, value in enumerate(fields[:MAX_SIGNATURES]))

    def _one(self, message: dkim.DKIM, index: int, field: bytes) -> Signature:
        try:
            tags = {key.decode(): value.decode() for key, value in dkim.parse_tag_value(field).items()}
        except (ValueError, dkim.InvalidTagValueList) as error:
            return Signature("", "", "", good=False, reason=str(error) or "not a list of tags")
        reason = ""
        try:
            if not message.verify(index, dnsfunc=self._key):
                reason = "signature does not match"
        except Exception as error:  # any message must be survived; dkimpy raises many things
            reason = str(error) or type(error).__name__
        return Signature(tags.get("d", ""), tags.get("s", ""), tags.get("a", ""), not reason, reason)

    def _key(self, owner: bytes, timeout: float = _TIMEOUT) -> bytes | None:
        wanted = name(owner.decode("ascii", "replace"))
        if wanted in self._keys:
            return self._keys[wanted].encode()
        try:
            return _ask(wanted, self._nameserver, timeout) if self._nameserver else None
        except dns.exception.DNSException:
            return None


@functools.lru_cache(1000)
def _ask(owner: str, nameserver: HostPort, timeout: float) -> bytes:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [nameserver.host], nameserver.port
    answer = resolver.resolve(owner, "TXT", lifetime=timeout, search=False)
    return b"".join(next(iter(answer)).strings)


def pool(processes: int) -> Executor:
    """Where verification runs: so many processes, or one thread for 0."""
    if processes:
        # Ctrl-C reaches them too; the sink ends them, and says what it counted instead of where they were.
        quiet = (signal.SIGINT, signal.SIG_IGN)
        return ProcessPoolExecutor(processes, get_context("spawn"), initializer=signal.signal, initargs=quiet)
    return ThreadPoolExecutor(1, "dkim")


def verdict(signatures: tuple[Signature, ...]) -> str:
    """ "good", "bad" or "none" of a whole message."""
    return "none" if not signatures else "good" if all(signature.good for signature in signatures) else "bad"

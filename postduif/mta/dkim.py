"""DKIM signatures (RFC 6376, RFC 8301, RFC 8463) for mail that leaves, made just before it goes over the wire.

Promises: relaxed/relaxed, never l=; every important field is signed as often as it is present and once more, so that
none can be added; a configured domain is never sent unsigned. Leaves to others: the final form of the message
(RFC 6376 5.3), which must not change afterwards, and verification (dkimpy).
"""

from __future__ import annotations

import asyncio
import hashlib
from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from postduif import address, header
from postduif.clock import Clock
from postduif.config.schema import Dkim
from postduif.errors import AddressError, ConfigError, KeyUnavailable
from postduif.mta import metrics
from postduif.mta.canonical import relaxed_body, relaxed_fields
from postduif.mta.dkim_keys import SigningKey, load_key
from postduif.mta.signing import Signing

LIFETIME = 14 * 86400
"""Seconds from t= to x=. Longer than any queue between us and the reader keeps mail (5 days each for two hops and
some delay); short enough that a message caught today cannot be replayed under our name for ever."""

OVERSIGNED = (
    "From", "Subject", "To", "Cc", "Date", "Reply-To", "Message-ID", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding", "In-Reply-To", "References", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
"""Signed once more than present: one that is added breaks the signature (RFC 6376 8.15)."""

SIGNED = (
    "Sender", "Content-ID", "Feedback-ID", "List-Help", "List-Subscribe", "List-Post", "List-Owner", "List-Archive",
    "Resent-From", "Resent-To", "Resent-Cc", "Resent-Date", "Resent-Message-ID",
)  # fmt: skip
"""Signed as often as present: what a list or a forwarder may add on the way."""

WIDTH = 78  # octets of a line of our header field, CRLF excluded (RFC 5322 2.1.1)

_FIELDS = OVERSIGNED + SIGNED
_WANTED = {
    spelling: f"{name.lower()}:".encode() for name in _FIELDS for spelling in (name.encode(), name.lower().encode())
}
_LARGE = 128 * 1024
"""Octets from which a thread hashes too. Below, waiting for the GIL once more would cost more than the hashing."""
_MAX_REMEMBERED = 100  # fields; a header section with more is laid out each time
_MAX_LAYOUTS = 64  # remembered header sections per domain, by the names in them; one sender has a handful


_Prepared = list[tuple[SigningKey, bytes, bytes]]
"""For each signature: its key, the digest to sign, and the header field up to the value of b=."""


class _Layout(NamedTuple):
    """What all messages with the same fields in the same order share."""

    names: tuple[bytes, ...]
    """The present fields in the order of h=, each once."""
    heads: tuple[tuple[bytes, bytes], ...]
    """For each key: its header field up to t=, as it is written (folded) and as it is signed (relaxed)."""


class _Domain:
    """The keys that sign for one d=. `missing` says why it cannot sign; "" when it can."""

    __slots__ = ("_layouts", "counters", "keys", "missing")

    def __init__(self, keys: Sequence[SigningKey], missing: str = "") -> None:
        self.keys = tuple(keys)
        self.missing = missing
        self.counters = tuple(metrics.SIGNATURES.labels(key.algorithm) for key in self.keys)
        self._layouts: dict[tuple[bytes, ...], _Layout] = {}

    def layout(self, order: tuple[bytes, ...]) -> _Layout:
        """For a header section that holds these fields."""
        known = self._layouts.get(order)
        if known is None:
            names = tuple(name for field in _FIELDS if (name := _WANTED[field.encode()]) in order)
            known = _Layout(names, tuple(_head(key, order) for key in self.keys))
            if len(self._layouts) >= _MAX_LAYOUTS:
                self._layouts.clear()
            if len(order) <= _MAX_REMEMBERED:
                self._layouts[order] = known
        return known


class Signer:
    """Signs with the most specific configured domain that is the From domain or above it."""

    def __init__(self, domains: dict[str, _Domain], clock: Clock) -> None:
        self._domains = domains
        self._clock = clock
        self._signing = Signing()

    @classmethod
    def load(cls, keys: Sequence[Dkim], clock: Clock) -> Signer:
        """Read every key. Raises ConfigError, with the remedy, for the first that cannot be used."""
        domains, problems = _read(keys)
        if problems:
            raise ConfigError(problems[0])
        return cls(domains, clock)

    def reload(self, keys: Sequence[Dkim]) -> list[str]:
        """Take the keys of a changed configuration. Returns what is wrong, one line a key.

        A domain with a key that cannot be used is not signed for, and so not sent for, until the next reload.
        """
        self._domains, problems = _read(keys)
        return problems

    async def sign(self, header_from: str, content: bytes, vouched_from: int = 0) -> bytes:
        """The signature fields to put before `content`; b"" when no key is configured for the From domain.

        `header_from` is that domain. `content` is in final form: CRLF, encoded, not dot-stuffed; `vouched_from` see
        `Message`. Raises KeyUnavailable when a configured key is missing: the mail must wait.
        """
        domain = self._domain(header_from)
        if domain is None:
            return b""
        began = self._clock.monotonic()
        now = int(self._clock.time())
        if len(content) < _LARGE:
            prepared = _prepare(domain, content, now, vouched_from)
        else:
            prepared = await asyncio.to_thread(_prepare, domain, content, now, vouched_from)
        fields = [_field(start, await self._signing.sign(key, digest)) for key, digest, start in prepared]
        self._count(domain, began)
        return b"".join(fields)

    def sign_now(self, header_from: str, content: bytes) -> bytes:
        """As `sign`, on the caller's thread: a quarter of a millisecond with RSA."""
        domain = self._domain(header_from)
        if domain is None:
            return b""
        began = self._clock.monotonic()
        prepared = _prepare(domain, content, int(self._clock.time()))
        fields = b"".join([_field(start, key.sign(digest)) for key, digest, start in prepared])
        self._count(domain, began)
        return fields

    def close(self) -> None:
        """End the processes that sign, once nothing waits for a signature."""
        self._signing.close()

    def _domain(self, header_from: str) -> _Domain | None:
        name = header_from
        found = self._domains.get(name)
        if found is None and self._domains:
            name = _ascii(name)
            while name and (found := self._domains.get(name)) is None:
                name = name.partition(".")[2]
        if found is not None and found.missing:
            raise KeyUnavailable(found.missing)
        return found

    def _count(self, domain: _Domain, began: float) -> None:
        metrics.SIGN_SECONDS.observe(self._clock.monotonic() - began)
        for counter in domain.counters:
            counter.inc()


def _read(settings: Iterable[Dkim]) -> tuple[dict[str, _Domain], list[str]]:
    """The keys by domain, and what is wrong with some of them."""
    loaded: dict[str, list[SigningKey]] = {}
    missing: dict[str, str] = {}
    for one in settings:
        try:
            key = load_key(one)
            siblings = loaded.setdefault(key.domain, [])
            if any(sibling.selector == key.selector for sibling in siblings):
                raise ConfigError(f"dkim: {key.domain} has selector {key.selector} twice; give each key its own")
            siblings.append(key)
        except ConfigError as error:
            missing[one.domain] = str(error)
    domains = {domain: _Domain(keys) for domain, keys in loaded.items()}
    domains |= {domain: _Domain((), problem) for domain, problem in missing.items()}
    return domains, list(missing.values())


def _ascii(domain: str) -> str:
    try:
        return address.parse_domain(domain)
    except AddressError:
        return domain.lower()


def _prepare(domain: _Domain, content: bytes, now: int, vouched_from: int = 0) -> _Prepared:
    """Canonicalise and hash; the body once for all keys."""
    section, body = _cut(content, vouched_from)
    body_hash = b2a_base64(hashlib.sha256(body).digest(), newline=False)
    order, found = relaxed_fields(section, _WANTED)
    layout = domain.layout(order)
    fields = b"\r\n".join([found[name] for name in layout.names])
    if fields:
        fields += b"\r\n"
    prepared: _Prepared = []
    for key, (written, relaxed) in zip(domain.keys, layout.heads, strict=True):
        times = b"t=%d; x=%d;" % (now, now + LIFETIME)
        digest = hashlib.sha256(b"%b%b%b bh=%b; b=" % (fields, relaxed, times, body_hash)).digest()
        prepared.append((key, digest, b"%b%b\r\n bh=%b;\r\n b=" % (written, times, body_hash)))
    return prepared


def _cut(content: bytes, vouched_from: int) -> tuple[bytes, bytes | memoryview]:
    """Header section, and body in relaxed form."""
    if vouched_from and not content.endswith(b"\r\n\r\n"):  # then there may be empty lines at the end
        return content[: vouched_from - 2], memoryview(content)[vouched_from:]
    section, body = header.split(content)
    return section, relaxed_body(body)


def _field(start: bytes, signature: bytes) -> bytes:
    return b"%b%b\r\n" % (start, _folded(b2a_base64(signature, newline=False)))


def _head(key: SigningKey, order: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    names = [name for name in _FIELDS for _ in range(order.count(_WANTED[name.encode()]) + (name in OVERSIGNED))]
    words = ["v=1;", f"a={key.algorithm};", "c=relaxed/relaxed;", f"d={key.domain};", f"s={key.selector};"]
    words.append(f"h={names[0]}")
    line, lines = "DKIM-Signature:", []
    for word in words:
        if len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = ""
        line += f" {word}"
    for name in names[1:]:
        if len(line) + 2 + len(name) > WIDTH:  # room for the colon before it and the one or the semicolon after it
            lines.append(f"{line}:")
            line = f" {name}"
        else:
            line += f":{name}"
    lines.append(f"{line};")
    written = "\r\n".join(lines).encode() + b"\r\n "
    return written, written.replace(b"\r\n ", b" ").replace(b"DKIM-Signature: ", b"dkim-signature:", 1)


def _folded(signature: bytes) -> bytes:
    # The first line has " b=" before it.
    first = WIDTH - 3
    rest = range(first, len(signature), WIDTH - 1)
    return b"\r\n ".join([signature[:first], *[signature[start : start + WIDTH - 1] for start in rest]])

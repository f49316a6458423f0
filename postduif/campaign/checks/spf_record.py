"""An SPF record read into its terms (RFC 7208 sections 4.6, 5, 6, 7 and 12). No questions are asked here."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple
from urllib.parse import quote

from postduif.config.kinds import Network

_EXPAND = r"%(?:\{[slodiphcrtvSLODIPHCRTV][0-9]{0,3}[rR]?[.\-+,/_=]*\}|[%_-])"
_MACRO_STRING = re.compile(rf"(?:{_EXPAND}|[\x21-\x24\x26-\x7e])*")
_DOMAIN_END = re.compile(rf"(?:{_EXPAND}|\.(?=[A-Za-z0-9-]*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?)\Z")
_MACRO = re.compile(r"%(?:\{([A-Za-z])([0-9]{0,3})([rR]?)([.\-+,/_=]*)\}|([%_-]))")
_ONLY_FOR_EXP = "crt"
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)")
_DIRECTIVE = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9_.-]*)(?:(:)(.*?))?((?:/[0-9]+)?(?://[0-9]+)?)")
_LENGTHS = re.compile(r"(?:/(0|[1-9][0-9]{0,2}))?(?://(0|[1-9][0-9]{0,2}))?")
_WORDS = {"%": "%", "_": " ", "-": "%20"}


class SpfFault(Exception):  # noqa: N818  says what is the case
    """The record is not well formed: receivers take none of it (permerror)."""


class Term(NamedTuple):
    """A directive."""

    qualifier: str
    """+, -, ~ or ?."""
    name: str
    """all, include, a, mx, ptr, ip4, ip6 or exists."""
    value: str = ""
    """The domain, with macros; "" is the domain that is asked about."""
    lengths: tuple[int, int] = (32, 128)
    """Of the prefix in IPv4 and in IPv6."""
    network: Network | None = None
    """Of ip4 and ip6."""


class Record(NamedTuple):
    """A record that is well formed."""

    terms: tuple[Term, ...]
    redirect: str = ""


def is_spf(text: str) -> bool:
    """The TXT record is one of SPF (RFC 7208 4.5)."""
    return text[:6].lower() == "v=spf1" and text[6:7] in ("", " ")


def read(text: str) -> Record:
    """Read a record. Raises SpfFault."""
    terms: list[Term] = []
    modifiers: dict[str, str] = {}
    for word in filter(None, text[6:].split(" ")):
        if found := _MODIFIER.fullmatch(word):
            name, value = found[1].lower(), found[2]
            if name in ("redirect", "exp"):
                if name in modifiers:
                    raise SpfFault(f"{name}= stands there twice")
                modifiers[name] = _domain(value, word)
            elif not _MACRO_STRING.fullmatch(value):
                raise SpfFault(f"{word!r} is not understood")
        else:
            terms.append(_term(word))
    return Record(tuple(terms), modifiers.get("redirect", ""))


def expanded(text: str, values: dict[str, str]) -> str:
    """`text` with its macros filled in from `values`, by lower-case letter (RFC 7208 section 7)."""

    def _one(found: re.Match[str]) -> str:
        letter, digits, turned, delimiters, word = found.groups()
        if word:
            return _WORDS[word]
        parts = re.split(f"[{re.escape(delimiters or '.')}]", values[letter.lower()])
        if turned:
            parts.reverse()
        value = ".".join(parts[-int(digits) :] if digits else parts)
        return quote(value, safe="-._~") if letter.isupper() else value

    return _MACRO.sub(_one, text)


def _term(word: str) -> Term:
    found = _DIRECTIVE.fullmatch(word)
    if not found:
        raise SpfFault(f"{word!r} is not understood")
    qualifier, name, colon, value, lengths = (part or "" for part in found.groups())
    name = name.lower()
    if name in ("ip4", "ip6") and colon:
        return Term(qualifier or "+", name, network=_network(word, name, value + lengths))
    if name not in _TAKES:
        raise SpfFault(f"{word!r} is not understood")
    argument, prefix = _TAKES[name]
    if (argument == "needed" and not colon) or (argument == "none" and colon) or (lengths and not prefix):
        raise SpfFault(f"{word!r} is not well formed")
    if colon:
        value = _domain(value, word)
    return Term(qualifier or "+", name, value, _prefixes(word, lengths))


_TAKES = {
    "all": ("none", False),
    "include": ("needed", False),
    "a": ("may", True),
    "mx": ("may", True),
    "ptr": ("may", False),
    "exists": ("needed", False),
}
"""Mechanism: its domain, and whether a prefix length may follow."""


def _prefixes(word: str, text: str) -> tuple[int, int]:
    found = _LENGTHS.fullmatch(text)
    if not found:
        raise SpfFault(f"{word!r} has a prefix length that is none")
    four, six = int(found[1] or 32), int(found[2] or 128)
    if four > 32 or six > 128:
        raise SpfFault(f"{word!r} has a prefix length that is too large")
    return four, six


def _network(word: str, name: str, text: str) -> Network:
    kind: type[Network] = IPv4Network if name == "ip4" else IPv6Network
    address, slash, length = text.partition("/")
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise SpfFault(f"{word!r} is no network") from None
    if not isinstance(network, kind) or "%" in address or (slash and str(network.prefixlen) != length):
        raise SpfFault(f"{word!r} is no network of {name}")
    return network


def _domain(text: str, word: str) -> str:
    """A domain-spec that is well formed."""
    if not _MACRO_STRING.fullmatch(text) or not _DOMAIN_END.search(text):
        raise SpfFault(f"{word!r} does not name a domain")
    for letter, digits, *_ in _MACRO.findall(text):
        if (letter and letter.lower() in _ONLY_FOR_EXP) or (digits and not int(digits)):
            raise SpfFault(f"{word!r} has a macro that may not stand there")
    return text

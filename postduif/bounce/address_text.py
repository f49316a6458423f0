"""E-mail addresses as they stand in reports: bare, in angles, typed, encoded, or hidden in somebody's directory name.

More is taken than RFC 5321 allows, since real mailboxes have it (two dots in a row, a dot before the @). Nothing here
judges; an address is a string that has an @ in it.
"""

from __future__ import annotations

import re

_NEVER = r"\x00-\x1f\x7f-\x9f\ud800-\udfff"
_LOCAL = rf"""(?:"[^"{_NEVER}]{{1,64}}+"|[^\s<>()\[\],;:"\\@{_NEVER}]{{1,150}}+)"""
_DOMAIN = rf"""[^\s<>()\[\],;:"'\\@|/?*{_NEVER}]{{1,255}}+"""
ADDRESS = rf"{_LOCAL}@{_DOMAIN}"
"""A regular expression for one address. Takes time in proportion to the text only if what stands before it is fixed."""

_ANYWHERE = re.compile(rf"""(?<![^\s<>()\[\],;:"]){ADDRESS}""")
_ANGLES = re.compile(rf"<({ADDRESS})>")
_SPLIT = re.compile(rf"[\s{_NEVER}]")
_TYPE = re.compile(r"\s*+([\w./+-]{1,20}+)\s*+[;:]\s*+")
_UTF8 = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_CAPSULE = re.compile(r"IMCEA(?:EX|X400|SMTP|INVALID)?-([^@]{1,500})@", re.IGNORECASE)
_ESCAPE = re.compile(r"\+([0-9A-F]{2})")
_MAX_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


def clean(address: str) -> str:
    """Without what stands around it: angles, quotes of the whole, a comma or full stop behind."""
    address = address.strip().strip("<>").strip()
    address = address.removeprefix("mailto:")
    return address.strip("'").rstrip(".,:;'\"`")


def addresses(text: str) -> list[str]:
    """All addresses in a line of text, in order, each once. Those in angles first make the others names."""
    found = _ANGLES.findall(text) or _ANYWHERE.findall(text)
    return list(dict.fromkeys(address for address in map(clean, found) if "@" in address[1:-1]))


def from_field(value: str) -> str:
    """The address of a Final-Recipient, Original-Recipient or Original-Rcpt-To field: type and encodings taken off."""
    kind, rest = "", value
    if match := _TYPE.match(value):
        kind, rest = match[1].lower(), value[match.end() :]
    if kind == "utf-8":
        rest = _UTF8.sub(_character, rest)
    if capsule := _CAPSULE.search(rest):
        inside = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), capsule[1]).rpartition("=")[2]
        rest = next(iter(addresses(inside)), rest)
    return next(iter(addresses(rest)), "") or _odd(rest)


def _odd(rest: str) -> str:
    """What is no address for us may still be one: a name with an @ and spaces, say. One word with an @, or nothing."""
    word = clean(rest.split("(")[0])
    return word if "@" in word[1:-1] and len(word) < 400 and not _SPLIT.search(word) else ""


def _character(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return chr(number) if number <= _MAX_CODE_POINT and number not in _SURROGATES else "\ufffd"

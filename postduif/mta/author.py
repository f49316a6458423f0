"""Whose mail it claims to be: the domain of the From field (RFC 5322 3.6.2), which picks the DKIM key.

Readers of mail disagree about malformed From fields (CVE-2023-27043), so what two of them could read in two ways is
refused. Well-formed fields with comments, groups, routes and quoted strings are read as the RFC says.
"""

from __future__ import annotations

import re

from postduif.address import parse_domain
from postduif.errors import AddressError

_PLAIN = re.compile(
    r'(?:"[^"\\]*"|[^"\\@<>,;:()\[\]]*)[ \t]*<[^\s"\\@<>,;:()\[\]]+@([^\s"\\@<>,;:()\[\]]+)>'
    r'|[^\s"\\@<>,;:()\[\]]+@([^\s"\\@<>,;:()\[\]]+)'
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_LITERAL = re.compile(r"\[[^\[\]\\<>]*\]")
_RUN = re.compile(r'[^"(),;:<>\[\]\\]+')
_MENTIONED = re.compile(r"@\s*([^\s@]+)")


def domain(value: str) -> str:
    """The domain of the first mailbox in an unfolded From value, lower-case A-labels.

    Raises AddressError: no mailbox with a domain, or more than one way to read it.
    """
    value = value.strip()
    if match := _PLAIN.fullmatch(value):
        return parse_domain(match[1] or match[2])
    mailboxes = [spec for spec in _mailboxes(value) if spec]
    if not mailboxes:
        raise AddressError("no mailbox with a domain")
    return parse_domain(mailboxes[0])


def _mailboxes(text: str) -> list[str]:
    """The domain of each comma-separated mailbox, as written; "" for one without."""
    domains, phrase, angle, inside = [], "", "", False
    seen_angle = False
    position = 0
    while position < len(text):
        piece, position = _piece(text, position)
        if inside:
            if piece == "<":
                raise AddressError("a < inside < >")
            inside = piece != ">"
            angle += piece if inside else ""
        elif piece == "<":
            if seen_angle:
                raise AddressError("two addresses in one mailbox")
            seen_angle = inside = True
        elif piece in (",", ";", ":"):
            domains.append(_one(phrase, angle, seen_angle=seen_angle))
            phrase, angle, seen_angle = "", "", False
        elif piece in (">", ")", "]", "["):
            raise AddressError(f"a {piece} without its partner")
        else:
            phrase += piece
    if inside:
        raise AddressError("a < without its >")
    return [*domains, _one(phrase, angle, seen_angle=seen_angle)]


def _piece(text: str, position: int) -> tuple[str, int]:
    """The next token and where it ends; a comment (nested ones too) reads as one space."""
    first = text[position]
    if first == "(":
        return " ", _comment_end(text, position)
    if first == '"':
        match = _QUOTED.match(text, position)
        if not match:
            raise AddressError("a quotation mark without its partner")
        # What is quoted names no domain: an "@" there is a letter like any other.
        return '"' + match[0][1:-1].replace("@", " ") + '"', match.end()
    match = (_LITERAL if first == "[" else _RUN).match(text, position)
    if match:
        return match[0], match.end()
    return first, position + 1


def _comment_end(text: str, position: int) -> int:
    depth = 0
    while position < len(text):
        character = text[position]
        position += 2 if character == "\\" else 1
        depth += (character == "(") - (character == ")")
        if not depth:
            return position
    raise AddressError("a ( without its )")


def _one(phrase: str, angle: str, *, seen_angle: bool) -> str:
    if not seen_angle:
        if phrase.count("@") > 1:
            raise AddressError("two addresses in one mailbox")
        return phrase.rpartition("@")[2].strip() if "@" in phrase else ""
    if angle.lstrip().startswith("@"):
        angle = angle.partition(":")[2]  # a source route (RFC 5322 4.4)
    domain_of = angle.rpartition("@")[2].strip() if "@" in angle else ""
    for mentioned in _MENTIONED.findall(phrase):
        if mentioned.lower() != domain_of.lower():
            raise AddressError("two addresses in one mailbox")
    return domain_of

"""Address lists of header fields (RFC 5322 3.4), read so that there is one way to read them.

Readers of mail disagree about malformed lists (CVE-2023-27043), so what two of them could read in two ways is refused.
Comments, groups, source routes and quoted strings are read as the RFC says, sloppy display names with them.
"""

from __future__ import annotations

import re

from postduif.errors import AddressError

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_LITERAL = re.compile(r"\[[^\[\]\\<>]*\]")
_RUN = re.compile(r'[^"(),;:<>\[\]\\]+')
_MENTIONED = re.compile(r"@\s*([^\s@]+)")


class _Mailbox:
    """One element of the list while it is read. In `masked` what was quoted is gone: an "@" there is but a letter."""

    def __init__(self) -> None:
        self.phrase = self.masked = self.angle = ""
        self.seen_angle = False

    def add(self, piece: str) -> None:
        self.phrase += piece
        self.masked += '""' if piece.startswith('"') else piece

    def address(self) -> str:
        """`local@domain`, or `local` without a domain; "" for nothing. Raises AddressError."""
        if not self.seen_angle:
            if self.masked.count("@") > 1:
                raise AddressError("two addresses in one mailbox")
            return "@".join(part.strip() for part in self.phrase.rsplit("@", self.masked.count("@")))
        spec = self.angle.strip()
        if spec.startswith("@"):
            spec = spec.partition(":")[2]  # a source route (RFC 5322 4.4)
        spec = "@".join(part.strip() for part in spec.rsplit("@", 1))
        domain = spec.rpartition("@")[2].lower()
        if any(mentioned.lower() != domain for mentioned in _MENTIONED.findall(self.masked)):
            raise AddressError("two addresses in one mailbox")
        return spec


def mailboxes(value: str) -> list[str]:
    """The addresses of an unfolded address list, in order, as `local@domain` or `local` where no domain stands.

    A local part keeps its quotes; parts are not checked further. Raises AddressError if there are two ways to read it.
    """
    found: list[str] = []
    mailbox, inside, position = _Mailbox(), False, 0
    while position < len(value):
        piece, position = _piece(value, position)
        if inside:
            if piece == "<":
                raise AddressError("a < inside < >")
            inside = piece != ">"
            mailbox.angle += piece if inside else ""
        elif piece == "<":
            if mailbox.seen_angle:
                raise AddressError("two addresses in one mailbox")
            mailbox.seen_angle = inside = True
        elif piece in (",", ";"):
            found.append(mailbox.address())
            mailbox = _Mailbox()
        elif piece == ":":  # the name of a group
            if "@" in mailbox.masked or mailbox.seen_angle:
                raise AddressError("an address before a colon")
            mailbox = _Mailbox()
        elif piece in (">", ")", "]", "[", "\\"):
            raise AddressError(f"a {piece} without its partner")
        else:
            mailbox.add(piece)
    if inside:
        raise AddressError("a < without its >")
    return [address for address in [*found, mailbox.address()] if address]


def _piece(text: str, position: int) -> tuple[str, int]:
    """The next token and where it ends; a comment (nested ones too) reads as one space."""
    first = text[position]
    if first == "(":
        return " ", _comment_end(text, position)
    if first == '"':
        match = _QUOTED.match(text, position)
        if not match:
            raise AddressError("a quotation mark without its partner")
        return match[0], match.end()
    match = (_LITERAL if first == "[" else _RUN).match(text, position)
    return (match[0], match.end()) if match else (first, position + 1)


def _comment_end(text: str, position: int) -> int:
    depth = 0
    while position < len(text):
        character = text[position]
        position += 2 if character == "\\" else 1
        depth += (character == "(") - (character == ")")
        if not depth:
            return position
    raise AddressError("a ( without its )")

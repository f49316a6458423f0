"""Header fields with values in them. Whatever a value holds, what comes out is one field of legal lines.

Free text is made one line, encoded (RFC 2047) when it is not plain ASCII, and folded. An address is read as one
(RFC 5321 4.1.2) and written anew, so it can be no second one.
"""

from __future__ import annotations

import re

from postduif import address, header_text
from postduif.errors import AddressError, MergeError, TemplateError
from postduif.mta.merge import value
from postduif.mta.merge.budget import Budget
from postduif.mta.merge.content import Mailbox
from postduif.mta.merge.steps import Compiler, Fixed, Step, Stretch
from postduif.mta.merge.value import Scope

_EASY = 76 - len(": ")
_EASY_MAILBOX = 76 - len(': "" <>')
_QUOTED = re.compile(r'["\\]')


class Line:
    """A template that makes one line of text."""

    def __init__(self, compiler: Compiler, source: str) -> None:
        self._steps = compiler.compile(source.strip())
        only = self._steps[0] if len(self._steps) == 1 else None
        self._variable = only.alone if isinstance(only, Stretch) else ""
        fixed = all(isinstance(step, Fixed) for step in self._steps)
        self.fixed = self.text({}, Budget()) if fixed else None
        """The text, when it is the same for all."""

    def text(self, scope: Scope, budget: Budget) -> str:
        """The text for these values. Raises MergeError or UnicodeEncodeError."""
        if self._variable:  # as most of them are; the steps would say the same
            text = value.shown(scope.get(self._variable))
            if not text.isascii():
                text.encode()  # half a character raises
            return text
        pieces: list[bytes] = []
        for step in self._steps:
            step(scope, pieces, budget)
        return b"".join(pieces).decode()


class MailboxLines:
    """The two templates of a mailbox. An address that is the same for all is looked at once, here."""

    def __init__(self, compiler: Compiler, mailbox: Mailbox) -> None:
        self._name = Line(compiler, mailbox.name)
        self._address = Line(compiler, mailbox.address)
        self.fixed = _written(self._address.fixed) if self._address.fixed is not None else None
        """The address, when it is the same for all."""

    def name(self, scope: Scope, budget: Budget) -> str:
        """The display name; perhaps blank. Raises MergeError or UnicodeEncodeError."""
        return self._name.text(scope, budget) if self._name.fixed is None else self._name.fixed

    def address(self, scope: Scope, budget: Budget) -> str:
        """The address; "" when there is nothing. Raises AddressError, MergeError or UnicodeEncodeError."""
        return _written(self._address.text(scope, budget)) if self.fixed is None else self.fixed

    def same_for_all(self, name: str) -> bytes | None:
        """The whole field, when no value of a recipient is in it."""
        if self._name.fixed is None or self.fixed is None:
            return None
        return mailbox(name, self._name.fixed, self.fixed)


def _written(text: str) -> str:
    text = text.strip()
    return str(address.parse(text)) if text else ""


def _easy(text: str) -> bool:
    """It is plain ASCII on one line: nearly every text is."""
    return text.isascii() and text.isprintable() and "=?" not in text


def free(name: str, text: str) -> bytes:
    """A field of free text, CRLF included (RFC 5322 2.2.1)."""
    if len(name) + len(text) <= _EASY and _easy(text):
        return f"{name}: {' '.join(text.split())}\r\n".encode()
    return header_text.field(name, text)


def mailbox(name: str, shown: str, at: str) -> bytes:
    """A field of one mailbox, CRLF included (RFC 5322 3.4). An address that is not ASCII stays so (RFC 6532)."""
    if (
        len(name) + len(shown) + len(at) <= _EASY_MAILBOX
        and _easy(shown)
        and not _QUOTED.search(shown)
        and shown.strip()
    ):
        return f'{name}: "{" ".join(shown.split())}" <{at}>\r\n'.encode()
    words = header_text.phrase(shown, len(name) + 2).split(" ") if header_text.one_line(shown) else []
    return header_text.fold(name, [*words, f"<{at}>"])


def free_step(name: str, line: Line, *, optional: bool) -> Step:
    """A field of free text. `optional`: it is left out where the text is blank."""
    if line.fixed is not None:
        return Fixed(free(name, line.fixed) if line.fixed or not optional else b"")

    def step(scope: Scope, out: list[bytes], budget: Budget) -> None:
        text = line.text(scope, budget)
        if not optional or header_text.one_line(text):
            out.append(free(name, text))

    return step


def to_step(lines: MailboxLines) -> Step:
    """The To field. Nothing to write to is a MergeError."""

    def step(scope: Scope, out: list[bytes], budget: Budget) -> None:
        try:
            at = lines.address(scope, budget)
        except AddressError as error:
            raise MergeError(f"the address in To is none: {error}") from None
        if not at:
            raise MergeError("the address in To is empty")
        out.append(mailbox("To", lines.name(scope, budget), at))

    return step


def reply_to_step(lines: MailboxLines) -> Step:
    """The Reply-To field, where there is an address."""

    def step(scope: Scope, out: list[bytes], budget: Budget) -> None:
        try:
            at = lines.address(scope, budget)
        except AddressError:
            return
        if at:
            out.append(mailbox("Reply-To", lines.name(scope, budget), at))

    return step


def from_step(lines: MailboxLines, personal: MailboxLines | None) -> Step:
    """The From field: `personal` where the recipient has one in the same domain. Raises TemplateError."""
    fallback = lines.fixed
    if not fallback:
        raise TemplateError("sender: its address is the same for all; write personal addresses in personal_sender")
    domain = fallback.rpartition("@")[2]
    if personal is None and (field := lines.same_for_all("From")) is not None:
        return Fixed(field)

    def step(scope: Scope, out: list[bytes], budget: Budget) -> None:
        at, name = fallback, ""
        if personal is not None:
            try:
                own = personal.address(scope, budget) or fallback
            except AddressError:
                own = ""
            if own.rpartition("@")[2] == domain:
                at, name = own, personal.name(scope, budget)
        if not header_text.one_line(name):
            name = lines.name(scope, budget)
        out.append(mailbox("From", name, at))

    return step

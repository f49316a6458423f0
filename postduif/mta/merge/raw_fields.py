"""Header fields with a grammar, as Message-ID and List-Unsubscribe: their values are inserted as they are, once they
are seen to be printable ASCII. All such fields of a message are one stretch.
"""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import nodes

from postduif.errors import MergeError, TemplateError
from postduif.mta.merge.budget import Budget
from postduif.mta.merge.content import Header
from postduif.mta.merge.expression import Reader
from postduif.mta.merge.names import Names
from postduif.mta.merge.template import parse
from postduif.mta.merge.value import Scope, shown

MAX_RAW = 800  # octets of one value; a line has 998 at most (RFC 5322 2.1.1)
MAX_AROUND = 190  # octets of fixed text that stand against a value
FOLD_AT = 76

_SLOT = "\0"


class RawFields:
    """Several of them, in order. `used` are the variables in them; none may be empty."""

    def __init__(self, headers: Sequence[Header], names: Names) -> None:
        """Raises TemplateError."""
        self.used: list[str] = []
        folded = "".join([_folded(header.name, self._text(header, names)) for header in headers])
        self._chunks: list[bytes] = []
        for text in folded.split(_SLOT):
            self._chunks += (text.encode("ascii"), b"")
        self._chunks.pop()

    def __call__(self, scope: Scope, out: list[bytes], budget: Budget) -> None:
        """Append the fields. Raises MergeError."""
        values = [shown(scope.get(name)) for name in self.used]
        if not all(map(_sound, values)):
            name = next(name for name, value in zip(self.used, values, strict=True) if not _sound(value))
            raise MergeError(
                f"{name} stands in a raw field: it is to be 1 to {MAX_RAW} printable ASCII characters, not blank"
            )
        pieces = self._chunks.copy()
        pieces[1::2] = [value.encode("ascii") for value in values]
        budget.spend(sum(map(len, pieces)))
        out += pieces

    def _text(self, header: Header, names: Names) -> str:
        """The field's text with _SLOT for each variable, which is added to `used`."""
        reader, text = Reader(names), ""
        for node in parse(header.text.strip(), header.name):
            for part in node.nodes if isinstance(node, nodes.Output) else [node]:
                if isinstance(part, nodes.TemplateData):
                    text += part.data
                elif isinstance(part, nodes.Name | nodes.Getattr):
                    try:
                        self.used.append(reader.value(part, {}).name)
                    except TemplateError as error:
                        raise TemplateError(f"{header.name}: {error}") from None
                    text += _SLOT
                else:
                    raise TemplateError(f"{header.name}: a raw field holds text and variables, nothing else")
        return text


def _sound(value: str) -> bool:
    """It may stand there. One of blanks alone may not: a line of nothing else can end the header section."""
    return 0 < len(value) <= MAX_RAW and value.isascii() and value.isprintable() and not value.isspace()


def _folded(name: str, text: str) -> str:
    """The field, CRLF included. What stands against a value begins a line, because the value's length is not known."""
    words = text.split(" ")
    lines = [f"{name}:"]
    for word in filter(None, words):
        fixed = word.replace(_SLOT, "")
        if not fixed.isascii() or (fixed and not fixed.isprintable()):
            raise TemplateError(f"{name}: a raw field is printable ASCII on one line")
        if word.count(_SLOT) > 1 or len(fixed) > (MAX_AROUND if _SLOT in word else MAX_RAW):
            raise TemplateError(f"{name}: {fixed[:40]!r} is too long, or holds two variables; put a blank between")
        fits = len(lines[-1]) + 1 + len(word) <= FOLD_AT and _SLOT not in word and _SLOT not in lines[-1]
        if fits or lines == [f"{name}:"]:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    if lines == [f"{name}:"]:
        raise TemplateError(f"{name}: is empty; leave it out")
    return "\r\n".join(lines) + "\r\n"

"""Reads the words of a bounce by the declaration of its format, in time linear in them; lines, recipients and reasons
have limits. Which lines are about whom is decided here alone: a format only says how its lines look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from postduif.bounce.address_text import addresses, clean
from postduif.bounce.formats.declaration import Format, Sign, line
from postduif.bounce.formats.letter import Letter
from postduif.bounce.original import single_recipient

MAX_LINES = 1500
MAX_LINE = 1000  # characters
MAX_RECIPIENTS = 500
_MAX_REASON = 30  # lines

_RULER = re.compile(r"\s{0,8}(?:[-=*]{3,}|\|-{3,})[^\n]{0,80}(?:[-=*|]{3,})?\s*$")


class Told(NamedTuple):
    """What a letter tells about one recipient."""

    recipient: str
    words: str
    """All that was found about it. If nothing was: what is about nobody, or, if it is the only one, all of the text."""
    action: str


@dataclass(slots=True)
class _Block:
    """One recipient while its lines are gathered."""

    recipient: str
    words: list[str]


def read_by(note: Letter, formats: Iterable[Format], *, named: bool = False) -> tuple[str, list[Told]]:
    """What the letter tells, and the name of the format that read it: the first that is seen and finds a recipient.

    Those that find one in the words go before those that know no better than the returned mail's header; with `named`
    only the former count. ("", []) when none reads it.
    """
    seen = [one for one in formats if any(_seen(sign, note) for sign in one.signs)]
    for only_named in (True,) if named else (True, False):
        for one in seen:
            if told := _read_as(note, one, only_named=only_named):
                return one.name, told
    return "", []


def _read_as(note: Letter, declared: Format, *, only_named: bool) -> list[Told]:
    blocks, shared, loose = _gather(note, declared)
    fields = note.mail.fields.every("x-failed-recipients")[:4]
    failed = [address for value in fields for address in addresses(value.replace(",", " "))]
    if failed and declared.nameless:
        named = {one.recipient.lower(): one for one in blocks}
        blocks = [named.get(one.lower()) or _Block(one, []) for one in failed]
    if not blocks and declared.nameless and not only_named:
        single = single_recipient(note.returned, ("x-envelope-to", "to"))
        blocks = [_Block(single, [])] if single else []
    late = any(words in note.small for words in declared.delayed)
    rest = loose or (note.text if len(blocks) == 1 else "")
    told = []
    for block in blocks[:MAX_RECIPIENTS]:
        words = " ".join((*block.words, shared)).strip() or rest
        told.append(Told(block.recipient, words, "delayed" if late else "failed"))
    return told


def _seen(sign: Sign, note: Letter) -> bool:
    if sign.text not in note.small or not (note.from_system or sign.any_sender):
        return False
    if not (sign.subject in note.subject and sign.sender in note.sender):
        return False
    name, _, fragment = sign.field.partition(": ")
    return not name or (name in note.mail.fields and fragment in note.mail.fields.first(name).lower())


def _gather(note: Letter, declared: Format) -> tuple[list[_Block], str, str]:
    """Each recipient with the words about it, the words about all, and the words about nobody."""
    blocks: dict[str, _Block] = {}
    current: _Block | None = None
    shared: list[str] = []
    loose: list[str] = []
    in_reason = False
    begun = not declared.begins
    for raw in note.text.split("\n")[:MAX_LINES]:
        row = raw[:MAX_LINE].rstrip()
        small = " ".join(row.lower().split())
        if declared.ends and any(fragment in small for fragment in declared.ends):
            break
        begun = begun or any(fragment in small for fragment in declared.begins)
        rest = _after(row, small, declared.reason)
        match = _recipient(row, declared) if begun and "@" in row else None
        if rest is not None:
            in_reason, current = True, None
            shared.append(rest)
        elif match:
            address = clean(match["to"])
            current = blocks.setdefault(address.lower(), _Block(address, []))
            current.words.append((match.groupdict().get("why") or "").strip())
            current = None if declared.apart else current
        elif in_reason:
            in_reason = _goes_on(row, shared)
        elif _RULER.match(row):
            current = None
        elif current is None:
            loose.append(row.strip())
        elif row.strip() and len(current.words) < _MAX_REASON:
            current.words.append(row.strip())
        elif any(current.words) and not declared.through:
            current = None
    return list(blocks.values()), _joined(shared), _joined(loose[-_MAX_REASON:] if begun else [])


def _recipient(row: str, declared: Format) -> re.Match[str] | None:
    return next((match for one in declared.recipient if (match := line(one).match(row))), None)


def _joined(words: list[str]) -> str:
    return " ".join(one for one in words if one)


def _after(row: str, small: str, fragments: tuple[str, ...]) -> str | None:
    """What stands on the line after one of the fragments; None when none is on it."""
    for fragment in fragments:
        if fragment in small:
            position = row.lower().find(fragment)
            return row[position + len(fragment) :].strip() if position >= 0 else ""
    return None


def _goes_on(row: str, shared: list[str]) -> bool:
    """Take the line if the reason goes on there. An empty line ends a reason that has words."""
    if not row.strip():
        return not shared[-1]
    if len(shared) < _MAX_REASON:
        shared.append(row.strip())
    return True

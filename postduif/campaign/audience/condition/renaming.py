"""Another name for a selection or a project, in the text of a condition. Pure; all else in the text stays as it is."""

from __future__ import annotations

from collections.abc import Iterator

from postduif.campaign.audience.condition.reading import read
from postduif.campaign.audience.condition.rows import quoted
from postduif.campaign.audience.condition.tokens import MAX_LENGTH, ConditionFault, tokens
from postduif.campaign.audience.condition.tree import All, Condition, Either, Has, Not


def renamed(condition: str, field: str, old: str, new: str) -> str:
    """`"old" in FIELD` says `"new"`; `field`: selections or projects. What cannot be read stays as it is.

    Raises ConditionFault when it becomes too long.
    """
    if old.lower().replace("\\", "") not in condition.lower().replace("\\", ""):
        return condition
    try:
        places = {has.field.at for has in _lists(read(condition)) if _says(has, field, old)}
    except ConditionFault:
        return condition
    found = list(tokens(condition))
    pieces, done = [], 0
    for place, token in enumerate(found):
        if token.at in places:
            word = place - (3 if found[place - 2].text.lower() == "not" and found[place - 2].kind == "word" else 2)
            pieces += [condition[done : found[word].at], quoted(new)]
            done = found[word].at + len(condition[found[word].at : found[word + 1].at].rstrip())
    made = "".join((*pieces, condition[done:]))
    if len(made) > MAX_LENGTH:
        raise ConditionFault(f"so a condition becomes longer than {MAX_LENGTH:,} characters; shorten it", 0)
    return made


def _says(has: Has, field: str, name: str) -> bool:
    return has.field.name == field and has.word.lower() == name.lower()


def _lists(condition: Condition) -> Iterator[Has]:
    """Of people; those of child records are attributes of theirs."""
    match condition:
        case All(parts) | Either(parts):
            for part in parts:
                yield from _lists(part)
        case Not(inner):
            yield from _lists(inner)
        case Has():
            yield condition
        case _:
            return

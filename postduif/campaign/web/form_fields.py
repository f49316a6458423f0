"""The page of a form, posted: made into a form, whatever was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields

from postduif.campaign.forms.form import Asked, Form, Texts

WORDS = tuple(one.name for one in fields(Texts))
NOT, ASKED, NEEDED = "", "asked", "needed"


def form_of(name: str, posted: Mapping[str, str], attributes: Iterable[str], languages: Iterable[str]) -> Form:
    """As it was posted; whether it can be so, `form.checked` says."""
    known = [one for one in languages if f"use_{one}" in posted]
    first = posted.get("first", "")
    known.sort(key=lambda one: one != first)
    return Form(
        name,
        {one: Texts(**{word: _plain(posted.get(f"{word}_{one}", "")) for word in WORDS}) for one in known},
        tuple(_asked(one, posted, known) for one in attributes if posted.get(f"ask_{one}", NOT) != NOT),
        tuple(key.removeprefix("type_") for key in posted if key.startswith("type_")),
        posted.get("public", "") == "yes",
        _plain(posted.get("sender", "")),
        _plain(posted.get("sender_name", "")),
        _plain(posted.get("redirect", "")),
        tuple(posted.get("origins", "").lower().replace(",", " ").split()),
        int(number) if re.fullmatch(r"[0-9]{1,9}", number := posted.get("response", "")) else 0,
    )


def _asked(name: str, posted: Mapping[str, str], languages: Iterable[str]) -> Asked:
    labels = {one: text for one in languages if (text := _plain(posted.get(f"label_{one}_{name}", "")))}
    choices = [_plain(one) for one in re.split(r"[;\n]", posted.get(f"choices_{name}", ""))]
    return Asked(name, posted[f"ask_{name}"] == NEEDED, labels, tuple(dict.fromkeys(filter(None, choices))))


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()

"""The answers to a form as CSV, part by part; no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from postduif.campaign.forms import answers, store
from postduif.campaign.forms.answers import Answer
from postduif.campaign.forms.connection import forms
from postduif.campaign.web.wording import exact
from postduif.spreadsheet import guarded

TOGETHER = 1000
"""Answers of one part."""
_FIXED = ("id", "at", "version", "email", "contact", "mailing", "recipient", "state", "types")


def pieces(data_dir: Path, form: str) -> Iterator[str]:
    """The newest first; what comes meanwhile is left out. The first piece has the names. Raises NoSuchForm, StoreError.

    There is a column for each attribute that any version asked for.
    """
    with forms(data_dir) as connection:
        asked = store.asked(connection, form)
    yield _lines([[*_FIXED, *map(guarded, asked)]])
    before = 0
    while True:
        with forms(data_dir) as connection:
            part = answers.listed(connection, form, before=before, limit=TOGETHER)
        if not part:
            return
        yield _lines(_row(answer, asked) for answer in part)
        before = part[-1].id


def _lines(rows: Iterator[list[str]] | Sequence[list[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(rows)
    return file.getvalue()


def _row(answer: Answer, asked: Sequence[str]) -> list[str]:
    number = answer.number if answer.mailing else ""
    fixed = (answer.id, exact(answer.at), answer.version, answer.email, answer.contact or "", answer.mailing or "")
    texts = [*map(str, fixed), str(number), answer.state, "; ".join(answer.types)]
    return [guarded(text) for text in (*texts, *(answer.values.get(name, "") for name in asked))]

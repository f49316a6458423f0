"""The settings that hold, each with the line that says it. They are changed in the file, and nowhere else."""

from __future__ import annotations

import itertools
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from postduif.campaign.web.page import render
from postduif.campaign.web.pages.webhooks import where
from postduif.campaign.web.visitor import Looking, OfDesk, Visitor
from postduif.config.show import Effective, effective

router = APIRouter(prefix="/settings")


@router.get("")
def settings(
    request: Request,
    desk: OfDesk,
    who: Looking,
    find: Annotated[str, Query(max_length=100)] = "",
    changed: Annotated[bool, Query()] = False,  # noqa: FBT002  a field of a form
) -> Response:
    """All, or those whose name or value has a word in it; `changed`: only what the file says."""
    word = find.strip().lower()
    rows = [
        {"section": one.heading, "name": one.setting.name, "value": text, "source": one.source, "place": one.section}
        for one in effective(desk.loaded)
        for text in [_text(one, who)]
        if word in f"{one.name} {text}".lower() and not (changed and one.source == "default")
    ]
    sections = itertools.groupby(rows, lambda row: (row["place"], row["section"]))
    grouped = [(heading, list(group)) for (_, heading), group in sections]
    return render(
        request,
        "settings.html",
        groups=grouped,
        count=len(rows),
        file=desk.loaded.path,
        find=find,
        changed=changed,
    )


def _text(one: Effective, who: Visitor) -> str:
    """The value, as this person may see and search it."""
    if one.value is None:
        return ""
    named = (one.section[0], one.setting.name) == ("webhook", "url")
    return one.setting.literal(where(str(one.value), who) if named else one.value)

"""Which variables there are: dotted names. `customer.name` is a value, `orders[]` a list, `orders[].title` a value of
each of its rows; a list without such values is one of plain texts.

Where values are kept the brackets are left out: `orders` is the key of the list, `title` that of a value in its rows.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from enum import Enum

from postduif.errors import TemplateError

LINKS = frozenset({"link_token", "unsubscribe_url", "preferences_url", "tracking_url", "web_version_url", "form_url"})
"""Known in every mailing: what opens the recipient's own pages. Without `web.public_url` there is `unsubscribe_url`
alone, and it is an address to write to."""
GIVEN = LINKS | {"date", "message_id", "list_unsubscribe"}
"""Known in every mailing, and made for each message: besides links, the texts of the Date, Message-ID and
List-Unsubscribe fields. The last is empty without a bounce domain."""

_STEP = r"[^\W\d_]\w*"
_NAME = re.compile(rf"{_STEP}(?:\[\])?(?:\.{_STEP}(?:\[\])?)*")


class Kind(Enum):
    """What an expression is, known before there is any value."""

    VALUE = "a value"
    LIST = "a list"
    ROW = "a row of a list"


class Names:
    """The names a template may use. Raises TemplateError for a name that is not well formed."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = frozenset(known) | GIVEN
        for name in self._known:
            if not _NAME.fullmatch(name):
                raise TemplateError(f"{name!r} is not a name; write letters, digits and _, with dots between")
            if f"{name}[]" in self._known:
                raise TemplateError(f"{name} is both a value and a list; give one of them another name")

    def kind(self, name: str) -> tuple[Kind, str]:
        """What that name is, and the name that it is known by (a list ends in `[]`). Raises TemplateError."""
        if name in self._known:
            return Kind.VALUE, name
        if f"{name}[]" in self._known:
            return Kind.LIST, f"{name}[]"
        near = difflib.get_close_matches(name, [one for one in self._known if one not in GIVEN], 1)
        remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(self._known)[:20])}"
        raise TemplateError(f"{name} is not known; {remedy}")

    def of_rows(self, path: str) -> Kind:
        """What the rows of that list are: ROW, or VALUE when nothing is known below it."""
        return Kind.ROW if any(name.startswith(f"{path}.") for name in self._known) else Kind.VALUE

"""A file that cannot be read."""

from __future__ import annotations

from postduif.errors import PostduifError

MAX_COLUMNS = 1000


class SheetFault(PostduifError):  # noqa: N818  the name says what is the case
    """The text names the file, the problem and the remedy."""

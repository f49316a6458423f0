"""A picture as a value, the address it has, and what can be wrong with one."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath
from typing import NamedTuple

from postduif.campaign.media.look import Look
from postduif.errors import PostduifError

MAX_NAME = 80
MAX_ALT = 500
HASH = re.compile(r"[0-9a-f]{40}")
"""How a picture is named: the first 160 bits of the SHA-256 of its octets. Who knows it has the picture already."""
_ENDING = re.compile(r"\.(png|jpe?g|gif|webp)\Z", re.IGNORECASE)
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class MediaFault(PostduifError):  # noqa: N818  the name says what is the case
    """A picture that cannot be taken or changed so. The text names the remedy."""


class NoSuchPicture(MediaFault):
    """There is none of that number."""


class PictureInUse(MediaFault):
    """A mailing that is still to go out, or a template, shows it."""


class Picture(NamedTuple):
    """One that is on file."""

    id: int
    hash: str
    """Of its octets; see HASH."""
    name: str
    """For people, and the end of its address: letters, digits, _ and -, without what its kind adds."""
    alt: str
    """What is read where it is not seen."""
    look: Look
    size: int
    """Octets."""
    at: float
    """Seconds since the epoch."""
    by: str

    @property
    def file_name(self) -> str:
        """`logo.png`: the kind is what the octets say, whatever the file was called."""
        return f"{self.name}.{self.look.kind}"

    @property
    def path(self) -> str:
        """Its address, behind `web.public_url`."""
        return f"/m/{self.hash}/{self.file_name}"


def name_of(text: str) -> str:
    """A name made of what somebody called the file: never a path, never with a second ending."""
    name = _ENDING.sub("", PurePath(text.replace("\\", "/")).name)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _NOT_IN_NAME.sub("-", plain).strip("-")[:MAX_NAME] or "picture"


def alt_of(text: str) -> str:
    """One line. Raises MediaFault."""
    line = " ".join(text.encode("utf-8", "replace").decode().replace("\0", " ").split())
    if len(line) > MAX_ALT:
        raise MediaFault(f"the alt text is longer than {MAX_ALT} characters; say it in a sentence")
    return line

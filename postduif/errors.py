"""Every exception Postduif raises on purpose. Anything else that escapes is a bug.

A verdict about mail is a value (`Reply`), not an exception; only what a caller cannot go on from is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from postduif.reply import Reply


class PostduifError(Exception):
    """The root of the tree."""


class ConfigError(PostduifError):
    """A setting is wrong. The text names the place (file:line, key path), the problem and the remedy."""


class AddressError(PostduifError):
    """Text that is not a mailbox of RFC 5321 4.1.2."""


class Refused(PostduifError):  # noqa: N818  the name says what happened, as in SMTP
    """Our policy says no. The server sends `reply` as it is."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


class ProtocolError(PostduifError):
    """Somebody broke SMTP."""


class LocalProtocolError(ProtocolError):
    """We did: a bug of ours."""


class RemoteProtocolError(ProtocolError):
    """The peer did."""


class StoreError(PostduifError):
    """The queue could not record something (disk error). The client hears 451 4.3.0 and keeps its copy."""


class StoreFull(StoreError):  # noqa: N818
    """The disk reserve is reached. The client hears 452 4.3.1; deliveries go on."""


class KeyUnavailable(PostduifError):  # noqa: N818
    """A configured DKIM key could not be loaded. The mail waits; it is never sent unsigned."""


class TemplateError(PostduifError):
    """A mailing's template, or what stands beside it, is wrong. The text names place, problem and remedy."""


class MergeError(PostduifError):
    """The values of one recipient do not make a message of this mailing. The others are not touched by it."""

"""Answers to requests, with the header fields that every one of them has: kept nowhere, telling nobody where from."""

from __future__ import annotations

from typing import NamedTuple

from postduif.campaign.media.files import Opened

Fields = tuple[tuple[bytes, bytes], ...]

_EVERY: Fields = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
)
_HTML = (b"content-type", b"text/html; charset=utf-8")
_PAGE: Fields = (
    *_EVERY,
    _HTML,
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
)
_MAIL: Fields = (
    *_EVERY,
    _HTML,
    # what somebody wrote for mail: shown, but on no account run, and of an origin of its own
    (
        b"content-security-policy",
        (
            b"default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline' https:; font-src https: data:; "
            b"sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'none'; base-uri 'none'"
        ),
    ),
)
_STYLE: Fields = (
    (b"content-type", b"text/css; charset=utf-8"),
    (b"cache-control", b"public, max-age=3600"),
    (b"x-content-type-options", b"nosniff"),
)
_PICTURE: Fields = (
    (b"cache-control", b"public, max-age=31536000, immutable"),  # another picture has another address
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex"),
    (b"content-security-policy", b"default-src 'none'; sandbox; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
"""One transparent dot, 43 octets."""


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    fields: Fields
    body: bytes = b""
    picture: Opened | None = None
    """In the place of a body; whoever sends the answer closes its file."""


def page(html: str, status: int = 200, more: Fields = ()) -> Answer:
    """A page of ours."""
    return _whole(status, (*_PAGE, *more), html.encode())


def form(html: str, status: int, frames: tuple[str, ...], leads: str) -> Answer:
    """A page with a form. Sites in `frames` may show it in theirs; it leads on to the site `leads`, "" for none."""
    policy = (
        f"default-src 'none'; style-src 'self'; form-action 'self' {leads}; base-uri 'none'; "
        f"frame-ancestors {' '.join(frames) or chr(39) + 'none' + chr(39)}"
    )
    fields = (*_EVERY, _HTML, (b"content-security-policy", policy.encode("ascii", "replace")))
    return _whole(status, fields, html.encode())


def mail(html: str) -> Answer:
    """A mail as a page."""
    return _whole(200, _MAIL, html.encode("utf-8", "replace"))


def style(css: bytes) -> Answer:
    """The one style sheet."""
    return _whole(200, _STYLE, css)


def words(status: int, text: str, more: Fields = ()) -> Answer:
    """One line, for programs."""
    return _whole(status, (*_EVERY, (b"content-type", b"text/plain; charset=utf-8"), *more), f"{text}\n".encode())


def too_often(seconds: float) -> Answer:
    """Not so often; it is right again in so many seconds."""
    return words(429, "too often; try again later", ((b"retry-after", b"%d" % seconds),))


def elsewhere(destination: bytes, status: int = 302) -> Answer:
    """To where a link leads. `destination`: ASCII without blanks and controls."""
    return Answer(status, (*_EVERY, (b"location", destination), (b"content-length", b"0")))


def picture(found: Opened) -> Answer:
    """A picture of a mail: of the kind that it was taken in as, whatever else can be seen in it."""
    fields = (*_PICTURE, (b"content-type", found.type.encode()), (b"content-length", str(found.size).encode()))
    return Answer(200, fields, picture=found)


OPENED = Answer(200, (*_EVERY, (b"content-type", b"image/gif"), (b"content-length", b"43")), PIXEL)
"""Whatever the token is."""


def _whole(status: int, fields: Fields, body: bytes) -> Answer:
    return Answer(status, (*fields, (b"content-length", str(len(body)).encode())), body)

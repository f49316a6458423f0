"""Pictures as pages show them: with the address and the element that go into the content of a mailing."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from postduif.campaign.media import store
from postduif.campaign.media.connection import media
from postduif.campaign.media.picture import Picture
from postduif.campaign.web.desk import Desk

LATEST = 8
"""Those that are offered where a mailing is written."""


class Shown(NamedTuple):
    """One of them."""

    picture: Picture
    address: str
    """As readers ask for it; "" where there are no pages for readers."""
    html: str
    """The element of HTML that shows it."""
    mjml: str


def shown(picture: Picture, public_url: str | None) -> Shown:
    """With `public_url` of the settings, if there is one."""
    if not public_url:
        return Shown(picture, "", "", "")
    address, alt = public_url + picture.path, escape(picture.alt)
    _, width, height = picture.look
    html = f'<img src="{address}" alt="{alt}" width="{width}" height="{height}">'
    return Shown(picture, address, html, f'<mj-image src="{address}" alt="{alt}" width="{width}px" />')


def latest(desk: Desk) -> list[Shown]:
    """The last ones that were taken in. Raises StoreError."""
    with media(desk.data_dir) as connection:
        return [shown(one, desk.config.web.public_url) for one in store.listed(connection, limit=LATEST)]

"""The rooms of the pages, in the order of the menu: what each is called, where it is, who may come in.

A row is added with the first page of a room. A room without a title is not in the menu.
"""

from __future__ import annotations

from typing import NamedTuple

from postduif.campaign.accounts.roles import Permission


class Room(NamedTuple):
    """One line of the menu."""

    title: str
    path: str
    permission: Permission = Permission.LOOK
    group: str = ""
    """The heading of the menu that it stands below."""


ROOMS = (
    Room("Dashboard", "/"),
    Room("Mailings", "/mailings"),
    Room("Media", "/media"),
    Room("Contacts", "/contacts", group="Audience"),
    Room("Selections", "/selections", group="Audience"),
    Room("Projects", "/projects", group="Audience"),
    Room("Imports", "/contacts/imports", group="Audience"),
    Room("Types of mail", "/mail-types", group="Audience"),
    Room("Attributes", "/attributes", group="Audience"),
    Room("Forms", "/forms", group="Audience"),
    Room("Requests", "/requests", Permission.ADMINISTER, "Audience"),
    Room("Compare", "/compare", group="Results"),
    Room("Queue", "/queue", group="Mail"),
    Room("Sites", "/sites", group="Mail"),
    Room("Suppression", "/suppression", group="Mail"),
    Room("Returned mail", "/returned", group="Mail"),
    Room("Domains", "/domains", group="Mail"),
    Room("Webhooks", "/webhooks", group="Mail"),
    Room("Settings shown", "/settings", group="Settings"),
    Room("People", "/people", Permission.ADMINISTER, "Settings"),
    Room("API tokens", "/tokens", Permission.LOOK, "Settings"),
    Room("Audit trail", "/audit", Permission.ADMINISTER, "Settings"),
)


def here(path: str) -> Room | None:
    """The room that a path is in: the longest that it begins with."""
    among = [room for room in ROOMS if path == room.path or path.startswith(f"{room.path.rstrip('/')}/")]
    inside = [room for room in among if room.path != "/" or path == "/"]
    return max(inside, key=lambda room: len(room.path), default=None)

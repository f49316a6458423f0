"""The pages, one router for each room. Add yours to ROUTERS, and to `rooms.ROOMS` if it is to be in the menu."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter

from postduif.campaign.audience import uploads
from postduif.campaign.web.pages import (
    attributes,
    audit_trail,
    conditions,
    contact,
    contact_imports,
    contacts,
    dashboard,
    mail_types,
    own,
    people,
    projects,
    selections,
    sign_in,
    tokens,
)

ROUTERS: tuple[APIRouter, ...] = (
    sign_in.router,
    dashboard.router,
    own.router,
    contact_imports.router,
    contacts.router,
    contact.router,
    conditions.router,
    selections.router,
    projects.router,
    mail_types.router,
    attributes.router,
    people.router,
    tokens.router,
    audit_trail.router,
)
LIMITS: Mapping[str, int] = {"/contacts/imports": uploads.MAX_SIZE + 65_536}
"""Octets of a request to paths that begin so, where 2 MB is too little: uploads."""

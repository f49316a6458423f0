"""The pages, one router for each room. Add yours to ROUTERS, and to `rooms.ROOMS` if it is to be in the menu."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter

from postduif.campaign.web.pages import audit_trail, dashboard, own, people, sign_in, tokens

ROUTERS: tuple[APIRouter, ...] = (
    sign_in.router,
    dashboard.router,
    own.router,
    people.router,
    tokens.router,
    audit_trail.router,
)
LIMITS: Mapping[str, int] = {}
"""Octets of a request to paths that begin so, where 2 MB is too little: uploads."""

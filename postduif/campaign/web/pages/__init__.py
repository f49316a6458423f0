"""The pages, one router for each room. Add yours to ROUTERS, and to `rooms.ROOMS` if it is to be in the menu."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter

from postduif.campaign.audience import uploads
from postduif.campaign.web.pages import (
    attributes,
    audit_trail,
    bounces,
    compare,
    conditions,
    contact,
    contact_imports,
    contacts,
    dashboard,
    deliveries,
    domains,
    link_results,
    mail_types,
    mailing_actions,
    mailing_confirm,
    mailing_content,
    mailing_steps,
    mailing_summary,
    mailings,
    own,
    people,
    projects,
    queue,
    queue_orders,
    returned,
    selections,
    settings,
    shared,
    sign_in,
    sites,
    statistics,
    suppression,
    suppression_files,
    tokens,
    webhooks,
)
from postduif.mta.merge.message import MAX_ATTACHED

ROUTERS: tuple[APIRouter, ...] = (
    sign_in.router,
    dashboard.router,
    mailings.router,
    mailing_summary.router,
    mailing_actions.router,
    mailing_steps.router,
    mailing_confirm.router,
    mailing_content.router,
    own.router,
    contact_imports.router,
    contacts.router,
    contact.router,
    conditions.router,
    selections.router,
    projects.router,
    mail_types.router,
    attributes.router,
    deliveries.router,
    link_results.router,
    bounces.router,
    statistics.router,
    compare.router,
    shared.router,
    queue.router,
    queue_orders.router,
    sites.router,
    suppression.router,
    suppression_files.router,
    returned.router,
    domains.router,
    webhooks.router,
    settings.router,
    people.router,
    tokens.router,
    audit_trail.router,
)
LIMITS: Mapping[str, int] = {
    "/contacts/imports": uploads.MAX_SIZE + 65_536,
    "/mailings/": MAX_ATTACHED + 65_536,
    suppression_files.PATH: suppression_files.MAX_FILE + 65_536,
}
"""Octets of a request to paths that begin so, where 2 MB is too little: uploads."""

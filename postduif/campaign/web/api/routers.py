"""What can be asked of the API, one router for each kind of thing. Add yours to ROUTERS."""

from __future__ import annotations

from fastapi import APIRouter

from postduif.campaign.web.api.routes import (
    attributes,
    audit,
    contact,
    contacts,
    events,
    forms,
    imports,
    mail_types,
    mailing_actions,
    mailing_files,
    mailing_results,
    mailing_spread,
    mailings,
    media,
    messages,
    projects,
    requests,
    selections,
    suppression,
    token,
)

ROUTERS: tuple[APIRouter, ...] = (
    token.router,
    contacts.router,
    contact.router,
    attributes.router,
    mail_types.router,
    selections.router,
    projects.router,
    imports.router,
    requests.router,
    forms.router,
    mailings.router,
    mailing_files.router,
    media.router,
    mailing_actions.router,
    mailing_results.router,
    messages.router,
    suppression.router,
    mailing_spread.router,
    events.router,
    audit.router,
)
"""In the order of the manual."""

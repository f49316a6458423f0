"""What pages and API ask before a form is stored or opened: whether it can be so, and who may."""

from __future__ import annotations

from typing import NamedTuple

from postduif.campaign.accounts.fault import NotAllowed
from postduif.campaign.accounts.roles import Permission, who_may
from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.attributes import Attribute, declared
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.subscriptions import SubscriptionType
from postduif.campaign.forms import form as rules
from postduif.campaign.forms import store
from postduif.campaign.forms.connection import forms
from postduif.campaign.forms.named import refuse_if_named
from postduif.campaign.forms.responding import see_template
from postduif.campaign.web.acting import Who, see_may_respond
from postduif.campaign.web.desk import Desk


class Known(NamedTuple):
    """What a form may ask, and ask for."""

    attributes: dict[str, Attribute]
    types: dict[str, SubscriptionType]


def known(desk: Desk) -> Known:
    """As it is now."""
    with audience(desk.data_dir) as people:
        return Known(declared(people), subscriptions.types(people))


def checked(who: Who, form: rules.Form, before: int = 0) -> rules.Form:
    """The form, if it can be so. `before`: the template that who fills it in got until now.

    Raises FormFault, and NotAllowed for who may not store it.
    """
    if form.response != before:
        see_may_respond(who, form.response)
        see_template(who.desk.data_dir, form.response)
    form = rules.checked(form, *known(who.desk))
    see_public(who, form)
    return form


def see_public(who: Who, form: rules.Form) -> None:
    """Raises NotAllowed for who may not have a mail of these words go to any address that is typed in."""
    if form.public and not who.may(Permission.SEND):
        words = f"A form for everybody sends mail to whom they type in, so it is for {who_may(Permission.SEND)}."
        raise NotAllowed(f"{words} Make it for readers of mailings, or ask one of these.")


def close(who: Who, name: str, *, closed: bool) -> None:
    """Ask nobody any more, or again. Raises NoSuchForm, MailingFault and NotAllowed."""
    with forms(who.desk.data_dir) as connection:
        there = store.find(connection, name)
        if closed:
            refuse_if_named(who.desk.data_dir, name, who.desk.config.web.public_url or "")
        else:
            see_public(who, there.form)
        store.close(connection, name, closed=closed)

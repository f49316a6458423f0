"""Who may do what, as one table. To edit a mailing is not to send it, and to send it is not to approve one's own."""

from __future__ import annotations

from enum import StrEnum

from postduif.campaign.accounts.fault import AccountFault


class Permission(StrEnum):
    """What a page or a call asks for."""

    LOOK = "look"
    """See everything but people, tokens and the audit trail."""
    EDIT = "edit"
    """Change mailings, contacts, selections, templates, forms; prepare; send proofs; let go of quarantines."""
    SEND = "send"
    """Send, schedule, pause, resume and stop mailings, and change what goes by itself; hold and release queues."""
    APPROVE = "approve"
    """Agree to what another person wants to send."""
    ADMINISTER = "administer"
    """People, tokens of others, the audit trail; erase people, and take back what they said themselves."""


class Role(StrEnum):
    """What a person is."""

    VIEWER = "viewer"
    EDITOR = "editor"
    SENDER = "sender"
    ADMINISTRATOR = "administrator"


_LOOK, _EDIT, _SEND, _APPROVE, _ADMINISTER = Permission
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({_LOOK}),
    Role.EDITOR: frozenset({_LOOK, _EDIT}),
    Role.SENDER: frozenset({_LOOK, _EDIT, _SEND, _APPROVE}),
    Role.ADMINISTRATOR: frozenset({_LOOK, _EDIT, _SEND, _APPROVE, _ADMINISTER}),
}
SCOPES: dict[Permission, str] = {
    _LOOK: "read everything but the audit trail and the requests of readers",
    _EDIT: "change people, selections and mailings; prepare; send proofs; suppress addresses and end quarantines",
    _SEND: "send, schedule, pause, resume and stop mailings, and change what goes by itself; send single messages",
    _ADMINISTER: "erase people; remove attributes; release who left or complained; read audit trail and requests",
}
"""What a token may be for, and what each opens. Its person's role is a limit as well. Not approving: that asks for a
second person, and a token is none."""


def role_of(text: str) -> Role:
    """Raises AccountFault."""
    try:
        return Role(text)
    except ValueError:
        raise AccountFault(f"{text!r} is no role; there are {', '.join(Role)}") from None


def who_may(permission: Permission) -> str:
    """The roles that have it, as words for the reader who has not."""
    return " or ".join(role for role in Role if permission in GRANTS[role])

"""Why somebody in the target gets nothing."""

from __future__ import annotations

from enum import StrEnum

from postduif.bounce.address_state import Cause


class Exclusion(StrEnum):
    """The causes that are known before anything is prepared, in the order in which they count."""

    INVALID_SYNTAX = "invalid_syntax"
    DENYLISTED = "denylisted"
    """They complained, an operator said so, or they were erased."""
    UNSUBSCRIBED = "unsubscribed"
    QUARANTINE = "quarantine"
    """Their mail comes back."""
    NOT_SUBSCRIBED = "not_subscribed"
    UNCONFIRMED = "unconfirmed"
    EXCLUDED_ADDRESS = "excluded_address"
    EXCLUDED_DOMAIN = "excluded_domain"
    EXCLUDED_SELECTION = "excluded_selection"
    DOUBLE = "double"
    """Somebody with the same address comes before them."""


OF_REFUSAL = {
    Cause.HARD_BOUNCE: Exclusion.QUARANTINE,
    Cause.SOFT_BOUNCES: Exclusion.QUARANTINE,
    Cause.MAILBOX_FULL: Exclusion.QUARANTINE,
    Cause.COMPLAINT: Exclusion.DENYLISTED,
    Cause.UNSUBSCRIBE: Exclusion.UNSUBSCRIBED,
    Cause.MANUAL: Exclusion.DENYLISTED,
    Cause.ERASED: Exclusion.DENYLISTED,
}
"""What the suppression list's causes are called here."""

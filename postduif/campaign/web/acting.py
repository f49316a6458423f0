"""What the pages and the API need before they do something with a mailing: a second person's yes, and the means."""

from __future__ import annotations

from sqlite3 import Connection

from postduif.campaign.accounts import approval
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.preparing.places import Places
from postduif.campaign.sending.acting import Means
from postduif.campaign.web.desk import Desk


def see_approved(desk: Desk, mailing: Mailing, action: str) -> None:
    """Raises NotAllowed where a second person has to agree first."""
    if desk.config.web.approval:
        with desk.accounts() as connection:
            approval.see_approved(connection, approval.subject_of(mailing, action))


def means_of(desk: Desk, connection: Connection) -> Means:
    """What it takes to act. `connection` is that of the mailings."""
    return Means(connection, Places(desk.data_dir), desk.ask, desk.clock.time())

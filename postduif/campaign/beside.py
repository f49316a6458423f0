"""Which processes of the campaign run beside the daemon, and when each is needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from postduif.campaign.database import path_of
from postduif.campaign.forms.connection import SCHEMA as FORMS
from postduif.campaign.mailings.connection import SCHEMA
from postduif.companion import Companion
from postduif.config.schema import Config


def companions(path: Path, config: Callable[[], Config]) -> tuple[Companion, ...]:
    """One for mailings and the pages of those who make them, one for the pages of readers. `path`: of the settings.

    What is needed follows the settings as they are at the time: `config` returns those.
    """

    def web() -> bool:
        files = (path_of(config().server.data_dir, one) for one in (SCHEMA, FORMS))
        told = any({"standing", "imported"} & {*one.events} for one in config().webhook)  # without any mailing
        return told or config().web.address is not None or any(file.exists() for file in files)

    def public() -> bool:
        return config().web.public_url is not None

    return Companion(path, "web", web), Companion(path, "public", public)

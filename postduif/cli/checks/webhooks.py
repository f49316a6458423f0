"""Webhooks: their secrets can be read, and by nobody else."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from postduif.config.load import Loaded
from postduif.errors import ConfigError
from postduif.mta.soundness.finding import About, Finding
from postduif.mta.webhook_signature import secrets_of


def webhooks(loaded: Loaded) -> Iterator[Finding]:
    """Every `[[webhook]]` can sign."""
    for index, webhook in enumerate(loaded.config.webhook):
        if (webhook.secret is None) == (webhook.secret_file is None):
            continue  # said already
        about = About(loaded, "webhook", index, "secret" if webhook.secret_file is None else "secret_file")
        try:
            count = len(secrets_of(webhook))
        except ConfigError as error:
            yield about.wrong(str(error))
            continue
        if webhook.secret_file is None and stat.S_IMODE(loaded.path.stat().st_mode) & 0o077:
            yield about.warning(
                f"{loaded.path} is open to group or others, and has a secret in it", "write secret_file, or chmod 600"
            )
        else:
            yield about.ok(f"{webhook.name}: signed with {count} secret{'' if count == 1 else 's'}")

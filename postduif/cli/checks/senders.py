"""Who may send from which addresses."""

from __future__ import annotations

from collections.abc import Iterator

from postduif.config.load import Loaded
from postduif.errors import ConfigError
from postduif.mta import users
from postduif.mta.soundness.finding import About, Finding

NAMED = 5  # users in one line, at most


def senders(loaded: Loaded) -> Iterator[Finding]:
    """Users whose password sends from every address: who has it can sign in the name of each of our domains."""
    server = loaded.config.server
    if all(listener.auth == "none" for listener in loaded.config.listener):
        return
    about = About(loaded, "server", "data_dir")
    path = server.data_dir / users.FILE
    try:
        known = users.read(server.data_dir)
    except ConfigError as error:
        yield about.wrong(str(error))
        return
    except OSError as error:
        yield about.error(f"{path}: {error.strerror}", "run this as the user of the service")
        return
    free = sorted(name for name, user in known.items() if not user.senders)
    if free:
        more = f" and {len(free) - NAMED} more" if len(free) > NAMED else ""
        yield about.warning(
            f"{path}: {', '.join(free[:NAMED])}{more} may send from every address",
            "run: postduif user add NAME --sender '*@example.com'",
        )
    elif known:
        yield about.ok(f"{path}: every user has senders of its own")

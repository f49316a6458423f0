"""The web addresses in a mailing's messages that are each recipient's own: his token, and the pages that it opens."""

from __future__ import annotations

from typing import NamedTuple

from postduif import recipient_token
from postduif.bounce import keyring
from postduif.config.schema import Config
from postduif.errors import TemplateError
from postduif.queue import mailing


class LinkAddresses(NamedTuple):
    """Those below one `web.public_url`."""

    public_url: str
    key: bytes

    @classmethod
    def of(cls, config: Config) -> LinkAddresses | None:
        """As configured; None without a public_url. Reads the key, or makes it. Raises ConfigError."""
        if config.web.public_url is None:
            return None
        keys = keyring.load(config.server.data_dir / recipient_token.KEY_FILE, create=True)
        return cls(config.web.public_url, keys[0])

    def given(self, recipient_id: int) -> dict[str, object]:
        """The values of `merge.names.LINKS`. Raises TemplateError for who is not of a mailing."""
        of_mailing = mailing.of_recipient(recipient_id)
        if of_mailing is None:
            raise TemplateError("links with a token are for mailings only")
        return addresses(self.public_url, recipient_token.make(self.key, *of_mailing))


def addresses(public_url: str, token: str) -> dict[str, object]:
    """The values of `merge.names.LINKS` for a token."""
    return {
        "link_token": token,
        "unsubscribe_url": f"{public_url}/u/{token}",
        "preferences_url": f"{public_url}/p/{token}",
        "tracking_url": f"{public_url}/p/{token}#tracking",
        "web_version_url": f"{public_url}/w/{token}",
        "form_url": f"{public_url}/f/{token}",
    }

"""The links that are a recipient's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.config.schema import Config
from postduif.errors import TemplateError
from postduif.mta.link_addresses import LinkAddresses, addresses
from postduif.mta.merge.names import LINKS
from postduif.queue.rows import first_recipient
from postduif.recipient_token import KEY_FILE, Whom, read

PUBLIC = "https://news.example.com"


def test_they_name_the_recipient(tmp_path: Path) -> None:
    """Each holds a token of that recipient of that mailing, signed with the key that stays in data_dir."""
    config = Config.model_validate({"server": {"data_dir": str(tmp_path)}, "web": {"public_url": PUBLIC}})
    links = LinkAddresses.of(config)
    assert links is not None
    given = links.given(first_recipient(7) + 12)
    assert given.keys() == LINKS
    token = str(given["link_token"])
    assert read([bytes.fromhex((tmp_path / KEY_FILE).read_text())], token) == Whom(7, 12)
    assert given == addresses(PUBLIC, token)
    assert given["unsubscribe_url"] == f"{PUBLIC}/u/{token}"
    again = LinkAddresses.of(config)
    assert again == links


def test_without_public_url_there_are_none(tmp_path: Path) -> None:
    """Nor a key."""
    config = Config.model_validate({"server": {"data_dir": str(tmp_path)}})
    assert LinkAddresses.of(config) is None
    assert not list(tmp_path.iterdir())


def test_mail_of_no_mailing_has_none() -> None:
    """Its recipients have no token: their numbers would be somebody else's."""
    with pytest.raises(TemplateError, match="for mailings only"):
        LinkAddresses(PUBLIC, b"k" * 32).given(1_700_000_000_00 << 24)

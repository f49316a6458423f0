"""[campaign]: the settings of mailings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from postduif.config.campaign import Campaign


def test_addresses_are_read_in_one_form() -> None:
    """However an address is written, it is compared as DNS writes it."""
    assert Campaign(sources=("192.0.2.1", "2001:DB8:0::1")).sources == ("192.0.2.1", "2001:db8::1")


@pytest.mark.parametrize("wrong", ["mta.example.com", "192.0.2.0/24", 5])
def test_what_is_no_address_is_refused(wrong: object) -> None:
    """A name or a network cannot be judged as a sender's address."""
    with pytest.raises(ValidationError, match="is not an IP address; write it as"):
        Campaign.model_validate({"sources": [wrong]})

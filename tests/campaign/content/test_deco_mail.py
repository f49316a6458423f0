"""Formats of Japanese mobile mail."""

from __future__ import annotations

import pytest

from postduif.campaign.content.deco_mail import deco_format


@pytest.mark.parametrize(
    ("domain", "format_"),
    [
        *(("docomo.ne.jp", "deco-mail"), ("DoCoMo.ne.jp.", "deco-mail"), ("softbank.ne.jp", "decore-mail")),
        *(
            ("t.vodafone.ne.jp", "decore-mail"),
            ("ezweb.ne.jp", "decoration-mail"),
            ("a1.ezweb.ne.jp", "decoration-mail"),
        ),
        *(("au.com", "decoration-mail"), ("example.com", ""), ("notdocomo.ne.jp", ""), ("ne.jp", ""), ("", "")),
    ],
)
def test_formats(domain: str, format_: str) -> None:
    """A domain of an operator, or one below it, has that operator's format; others have none."""
    assert deco_format(domain) == format_

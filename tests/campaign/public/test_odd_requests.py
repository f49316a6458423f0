"""The public pages, asked with what nobody would think of: never a mistake of ours, and nothing of it is believed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from postduif.recipient_token import SAMPLE
from tests.campaign.forms.made import NEWSLETTER, SURVEY, put
from tests.campaign.public.served import served

ODD = (
    "",
    "0",
    "-1",
    str(2**63),
    "9" * 5000,
    "x" * 3000,
    "\0",
    "a\r\nSet-Cookie: planted=1",
    "é\u2028",
    "'\"><script>alert(1)</script>",
    "{{ 7*7 }}{link}%s",
    "../../etc/passwd",
    "\ud800",
    "https://[",
    SAMPLE,
)
NAMES = (
    "do",
    "leave",
    "stay",
    "type",
    "tracking",
    "email",
    "a_name",
    "a_age",
    "consent",
    "version",
    "language",
    "shown",
)
HEADERS = ("Accept-Language", "Origin", "User-Agent", "Referer", "X-Forwarded-For", "Content-Type", "Host", "Cookie")


def test_odd(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In paths, queries, forms and header fields of every room."""
    with served(tmp_path) as pages:
        put(pages.data_dir, NEWSLETTER, SURVEY)
        mine = pages.token()
        for value in ODD:
            odd = quote(value.encode("utf-8", "surrogatepass"), safe="")
            form = "&".join(f"{name}={odd}" for name in NAMES)
            header = value.encode("latin-1", "replace").decode("latin-1").replace("\r\n", " ").replace("\0", " ")
            paths = [f"/{room}/{odd}" for room in "coupwyf"] + [f"/c/{mine}/{odd}", f"/c/{odd}/1", f"/f/{mine}/{odd}"]
            mines = [f"/u/{mine}", f"/p/{mine}", f"/w/{mine}", f"/c/{mine}/2", f"/f/{mine}/survey", "/f/newsletter"]
            replies = [pages.ask(path) for path in paths] + [pages.ask(f"{path}?a={odd}&b={odd}") for path in mines]
            replies += [pages.post(path, form) for path in (*paths, *mines)]
            replies += [pages.ask(path, headers=dict.fromkeys(HEADERS, header)) for path in mines]
            for reply in replies:
                assert reply.status < 500
                assert b"<script>alert" not in reply.body
                assert "set-cookie" not in reply.headers
                assert reply.status != 302 or reply.headers["location"].startswith("https://shop.example/")
            pages.clock.advance(601)
    assert "public_page_failed" not in (said := capfd.readouterr().err)
    assert "failure" not in said

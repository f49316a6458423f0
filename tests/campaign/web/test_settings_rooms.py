"""Settings as they hold, and the domains that send."""

from __future__ import annotations

from pathlib import Path

from tests.web_world import Pages


def test_settings(tmp_path: Path) -> None:
    """Each has its line; a word finds it; what is secret is not shown."""
    secret = "whsec_" + "QUJD" * 11
    hook = f'[[webhook]]\nname = "shop"\nurl = "https://shop.example/T0/XyZ"\nsecret = "{secret}"\n'
    with Pages(tmp_path, hook) as pages:
        piet = pages.signed_in("piet", "viewer")
        page = piet.get("/settings").text
        assert f"{pages.path}:2" in page
        assert "delivery" in page
        assert secret[6:] not in page
        assert "what is not shown" in page
        assert ("https://shop.example/…" in page, "XyZ" in page) == (True, False)
        assert "No setting is like that" in piet.get("/settings?find=XyZ").text
        assert "https://shop.example/T0/XyZ" in pages.signed_in("anna").get("/settings").text
        few = piet.get("/settings?find=HOSTNAME&changed=true").text
        assert "mta.sender.example" in few
        assert "data_dir" not in few.split("<tbody>")[1]
        assert "No setting is like that" in piet.get("/settings?find=%3Cscript%3E").text
        assert "<script>&" not in few

"""`python -m tests.browser.screenshots`: the pictures of the manual, docs/screenshots/*.png, made anew.

People, mailings and the time are fixed, so a picture changes when the page does.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright

from tests.browser.small_world import small_world
from tests.web_world import Pages

OUT = Path(__file__).parents[2] / "docs" / "screenshots"
LIMIT = 150_000  # octets of one picture


class Shot(NamedTuple):
    """One picture."""

    name: str
    path: str
    width: int = 1280
    height: int = 860
    dark: bool = False


SHOTS = (
    Shot("dashboard", "/"),
    Shot("content", "/mailings/2/content"),
    Shot("recipients", "/mailings/4/edit/recipients"),
    Shot("checks", "/mailings/6/edit/checks", height=760),
    Shot("sending", "/mailings/3"),
    Shot("statistics", "/mailings/2/statistics", height=1180),
    Shot("links", "/mailings/2/links"),
    Shot("selection", "/selections/2/edit", height=720),
    Shot("dark", "/mailings/2/statistics", height=860, dark=True),
    Shot("phone-steps", "/mailings/6/edit/checks", 390, 844),
    Shot("phone-mailing", "/mailings/2", 390, 844),
)


def main() -> None:
    """All of them."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("not installed: chromium (run `make peers`)")
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pd-shots-") as directory, small_world(Path(directory)) as pages:
        cookie = pages.signed_in("anna").cookies["postduif_session"]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            for shot in SHOTS:
                scheme = "dark" if shot.dark else "light"
                size = {"width": shot.width, "height": shot.height}
                with browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce") as context:
                    context.add_cookies([{"name": "postduif_session", "value": cookie, "url": pages.url}])
                    print(shot.name, take(context.new_page(), pages, shot))
            browser.close()


def take(page: Page, pages: Pages, shot: Shot) -> int:
    """Write one; its octets."""
    page.goto(pages.url + shot.path)
    page.wait_for_timeout(700)  # counts that come after the page
    picture = page.screenshot(animations="disabled", caret="hide")
    if len(picture) > LIMIT:
        sys.exit(f"{shot.name}: {len(picture)} octets, more than {LIMIT}; take less of the page")
    (OUT / f"{shot.name}.png").write_bytes(picture)
    return len(picture)


if __name__ == "__main__":
    main()

"""What holds for every page: a quiet console, no style or script that is refused, room on a phone, axe content."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page

_AXE = Path(__file__).with_name("axe.min.js")
_GRAVE = ("serious", "critical")
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_FILE = re.compile(r"\.(csv|json|html|eml|txt|svg)$|^/(sign-out|enter)|/export$")


class Listening:
    """What a page says that nobody should hear: errors, and what its policy refuses."""

    def __init__(self, page: Page) -> None:
        """From now on."""
        self.heard: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.heard.append(f"{page.url}: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"{message.location.get('url', '')}: {message.text}")


def with_axe(page: Page) -> Page:
    """Every page that is opened there from now on has axe in it, as `grave` needs."""
    page.add_init_script(path=_AXE)
    return page


def grave(page: Page, *rules: str, within: str = "html") -> list[str]:
    """What axe finds serious or critical; `rules` alone, if there are any; in this part of the page."""
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": _TAGS}
    options = {"runOnly": only, "resultTypes": ["violations"], "iframes": False, "preload": False}
    found: dict[str, Any] = page.evaluate("([part, options]) => axe.run(part, options)", [within, options])
    return [
        f"{page.url}: {one['id']} ({one['impact']}): {one['help']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found["violations"]
        if one["impact"] in _GRAVE
        for node in one["nodes"][:2]
    ]


def too_wide(page: Page) -> str:
    """ "" when the page needs no scrolling sideways at the width that it has; else what sticks out most."""
    return str(
        page.evaluate(
            """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return "";
          const right = (one) => one.getBoundingClientRect().right;
          const out = [...document.querySelectorAll("#main *")].filter((one) => right(one) > width + 1);
          return location.pathname + ": " + document.documentElement.scrollWidth + " at " + width + ", " +
            out.slice(0, 3).map((one) => one.outerHTML.slice(0, 90)).join(" | ");
        }"""
        )
    )


def linked(page: Page) -> list[str]:
    """Paths of pages of ours that this one leads to."""
    found: list[str] = page.eval_on_selector_all(
        "a[href^='/']:not([download])", "links => links.map((link) => link.getAttribute('href'))"
    )
    return [path for path in dict.fromkeys(found) if not _FILE.search(path.partition("?")[0])]


def kind_of(path: str) -> str:
    """Pages of one kind differ in numbers, and in what was asked, only."""
    return re.sub(r"/\d+", "/N", path.partition("?")[0].partition("#")[0])

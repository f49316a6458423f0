"""The pages in a real browser before a real daemon: the whole way of a mailing, without JavaScript too; every page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from postduif.campaign.web.rooms import ROOMS
from tests.browser.checking import Listening, grave, kind_of, linked, too_wide, with_axe
from tests.browser.screenshots import LIMIT, SHOTS
from tests.browser.site import PATIENCE, Site
from tests.browser.way import PEOPLE, Way, address
from tests.peers import need

expect.set_options(timeout=1000 * PATIENCE)
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
IN_SELECTION = PEOPLE // 2
_MOST = 100
"""Kinds of pages that are looked at, at most."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; one for all tests. Of the module: Playwright's loop may not stay for tests of others."""
    (chromium,) = need("chromium")
    switches = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=switches)
        yield started
        started.close()


@pytest.fixture(scope="module")
def site(browser: Browser) -> Iterator[Site]:
    """The daemon. After the browser, so that who has none does not wait for it."""
    with Site() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of its own, at a desk."""
    with opened(browser) as context:
        yield context.new_page()


def opened(browser: Browser, *, script: bool = True) -> BrowserContext:
    """Windows of one person; a context that closes them."""
    context = browser.new_context(viewport=DESK, java_script_enabled=script, reduced_motion="reduce")
    context.set_default_timeout(1000 * PATIENCE)
    return context


@pytest.fixture(scope="module")
def sent(browser: Browser, site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a mailing that was made and sent without JavaScript."""
    with opened(browser, script=False) as context:
        way = Way(site, context.new_page(), script=False)
        way.sign_in("nora")
        way.make_type()
        files = tmp_path_factory.mktemp("files")
        way.take_in(files)
        way.take_picture(files)
        way.select()
        path = way.write("Autumn")
        way.prove(path, "proof@example.org")
        way.send(path, "")
        way.state("finished")
        return path


def test_without_javascript(site: Site, sent: str) -> None:
    """From the file of people to everybody's mail: each got one, and nobody else did."""
    arrived = [one.recipients for one in list(site.stage.sink.messages) if b"they are back" in one.content]
    wanted = [(address(number),) for number in range(0, PEOPLE, 2)]
    assert sorted(arrived) == sorted([*wanted, ("proof@example.org",)])


def test_the_whole_way(site: Site, sent: str, page: Page) -> None:
    """Checks, sending, pause, resume, figures that move by themselves; a recipient's story; a selection of results."""
    listening = Listening(page)
    way = Way(site, page, script=True)
    way.sign_in("anna", "sender")
    path = way.write("Winter")
    way.see_picture(path)
    begun = site.arrived
    way.send(path, "60")
    page.wait_for_function("() => /^[1-9]/.test(document.querySelector('.tile.good dd')?.textContent ?? '')")
    way.press("Pause")
    way.state("paused")
    before = begun
    while before < site.arrived:  # what was under way arrives
        before = site.arrived
        page.wait_for_timeout(2200)  # two more would
    assert before - begun < IN_SELECTION
    assert way.tile("Delivered") == before - begun
    way.fill(rate="")
    way.press("Set")
    way.press("Resume")
    expect(page.locator(".tile.good dd")).to_contain_text("100.0% of to deliver")
    assert way.tile("Delivered") == IN_SELECTION
    way.state("finished")

    way.go(f"{path}/deliveries?state=delivered")
    page.get_by_role("link", name=address(4), exact=True).click()
    expect(page.locator(".timeline")).to_contain_text("Delivered")
    expect(page.locator(".timeline")).to_contain_text("250 2.0.0 taken")
    way.go(f"{path}/deliveries?state=delivered")
    page.get_by_text("Use these people").first.click()
    way.page.locator("#f-take").fill("Got the winter news")
    way.press("Take them")
    way.go("/selections")
    page.get_by_role("link", name="Got the winter news").click()
    expect(page.locator("#main .head")).to_contain_text(f"{IN_SELECTION} people")
    assert listening.heard == []


def test_leaving(site: Site, sent: str, page: Page) -> None:
    """The link in the mail asks first, its button unsubscribes; a mail program's one click does so at once."""
    way = Way(site, page, script=True)
    way.sign_in("anna", "sender")
    way.go(sent)
    unsubscribed = page.locator(".tile").filter(has_text="Unsubscribed").locator("dd")
    expect(unsubscribed).to_contain_text("0.0% of accepted")
    reader = with_axe(page.context.new_page())
    reader.goto(site.public + site.read(address(6)).leave)
    expect(unsubscribed).to_contain_text("0.0% of accepted")
    reader.get_by_role("button").first.click()
    expect(reader.get_by_role("heading").first).to_be_visible()
    expect(unsubscribed).to_contain_text("5.0% of accepted")
    assert site.ask("POST", site.read(address(8)).leave, "List-Unsubscribe=One-Click") == 200
    expect(unsubscribed).to_contain_text("10.0% of accepted")
    assert reader.evaluate("document.documentElement.scrollWidth") <= DESK["width"]
    assert grave(reader) == []


def test_who_may_what(site: Site, sent: str, page: Page) -> None:
    """A password is chosen and works; an editor prepares, and cannot send; a viewer has no buttons that change."""
    way = Way(site, page, script=True)
    way.sign_in("ed", "editor")
    way.go("/own")
    way.fill(new="a long sentence of Ed", again="a long sentence of Ed")
    way.press("Store the password")
    page.context.clear_cookies()
    way.go("/mailings")
    way.fill(name="ed", password="not that one")
    way.press("Sign in")
    expect(page.get_by_role("alert")).to_be_visible()
    way.fill(name="ed", password="a long sentence of Ed")
    way.press("Sign in")
    expect(page).to_have_url(f"{site.url}/mailings")
    page.get_by_role("link", name="Autumn").first.click()
    page.locator("details.dropdown summary").first.click()
    way.press("Clone")
    page.wait_for_url("**/edit/setup")
    path = page.url.removeprefix(site.url).removesuffix("/edit/setup")
    way.go(path)
    way.press("Prepare")
    way.state("prepared")
    way.go(f"{path}/edit/confirm")
    expect(page.get_by_role("button", name="Send now")).to_be_disabled()
    answer = page.evaluate(
        """async ([path]) => (await fetch(`${path}/send`, {method: "POST", headers: {"X-CSRF-Token":
          JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRF-Token"]}})).status""",
        [path],
    )
    assert answer == 403
    expect(page.get_by_role("link", name="Audit trail")).to_have_count(0)


def test_every_page(site: Site, sent: str, page: Page) -> None:
    """Of each kind one: nothing on the console, nothing refused, no sideways scroll on a phone, nothing bad for axe."""
    way, listening = Way(site, with_axe(page), script=True), Listening(page)
    way.sign_in("root")
    way.ask_people("club", address(4))
    seen: dict[str, str] = {}
    waiting = [room.path for room in ROOMS] + [sent]
    faults: list[str] = []
    while waiting and len(seen) < _MOST:
        path = waiting.pop(0)
        if kind_of(path) in seen:
            continue
        seen[kind_of(path)] = path
        way.go(path)
        faults += grave(page, within="#main" if len(seen) > 1 else "html")  # the menu is the same on all
        waiting += [one for one in linked(page) if kind_of(one) not in seen]
        page.set_viewport_size(PHONE)
        faults.append(too_wide(page))
        page.set_viewport_size(DESK)
    assert {"/mailings/N/statistics", "/mailings/N/recipients/N", "/contacts/N", "/forms/club/answers"} <= set(seen)
    assert [*filter(None, faults), *listening.heard] == []


def test_in_the_dark(site: Site, sent: str, page: Page) -> None:
    """Words can be read on dark grounds, too."""
    way = Way(site, with_axe(page), script=True)
    way.sign_in("root")
    page.emulate_media(color_scheme="dark")
    faults = []
    for path in ("/", "/mailings", sent, f"{sent}/statistics", f"{sent}/edit/content", "/selections/new", "/contacts"):
        way.go(path)
        faults += grave(page, "color-contrast")
    assert faults == []


def test_the_pictures_of_the_manual() -> None:
    """Each picture that is made is shown, and none is shown that is not made; none is large."""
    docs = Path(__file__).parents[2] / "docs"
    shown = re.findall(r"\((?:docs/)?screenshots/([\w-]+)\.png\)", (docs / "web.md").read_text("utf-8"))
    made = {file.stem: file.stat().st_size for file in (docs / "screenshots").iterdir()}
    assert sorted({*shown, "statistics"}) == sorted(made) == sorted(shot.name for shot in SHOTS)
    assert max(made.values()) <= LIMIT

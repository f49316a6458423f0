"""The way of a mailing through the pages, step by step, as a person clicks it; the same with and without JavaScript."""

from __future__ import annotations

import re
import time
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

from postduif import recipient_token
from postduif.bounce import keyring
from postduif.campaign.forms import confirmation
from tests.browser.site import PATIENCE, Site
from tests.campaign.media.samples import png

PEOPLE = 40
CITIES = ("Utrecht", "Zwolle")
BODY = (
    '<h1>Dear {{ name }}</h1><p>The pigeons of {{ city }} are back. <a href="https://www.postduif.example/lofts">'
    'Come and see</a> or <a href="https://www.postduif.example/story">read</a>.</p>'
    '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
)


def address(number: int) -> str:
    """Of a reader; those of even numbers live in the first city."""
    return f"reader{number}@example.net"


class Way:
    """One person at the pages. `script`: whether the browser runs any; without, pages are loaded again to see more."""

    def __init__(self, site: Site, page: Page, *, script: bool) -> None:
        """Not signed in yet."""
        self.site, self.page, self.script = site, page, script
        page.on("dialog", lambda dialog: dialog.accept())

    def go(self, path: str) -> None:
        """To a page of ours."""
        self.page.goto(self.site.url + path)

    def press(self, name: str, *, exact: bool = True) -> None:
        """A button of the page itself."""
        self.page.locator("#main").get_by_role("button", name=name, exact=exact).first.click()

    def fill(self, **fields: str) -> None:
        """Fields by their names."""
        for name, value in fields.items():
            self.page.locator(f"#main [name={name}]").first.fill(value)

    def until(self, seen: Locator) -> None:
        """It is there; a page that does not move by itself is loaded again and again."""
        deadline = time.monotonic() + PATIENCE
        while not self.script and not seen.first.is_visible() and time.monotonic() < deadline:
            time.sleep(0.2)
            self.page.reload()
        expect(seen.first).to_be_visible()

    def state(self, *words: str) -> None:
        """The mailing is in one of these states."""
        self.until(self.page.locator("#mailing-head .state").filter(has_text=re.compile(f"^({'|'.join(words)})$")))

    def sign_in(self, name: str, role: str = "administrator") -> None:
        """By an address that works once."""
        self.page.goto(self.site.enter(name, role))
        self.press("Sign in")

    def make_type(self) -> None:
        """A type of mail."""
        self.go("/mail-types")
        self.fill(name="newsletter", title="The newsletter")
        self.press("Make it")
        expect(self.page.get_by_role("link", name="The newsletter")).to_be_visible()

    def ask_people(self, form: str, reader: str) -> None:
        """By a form that somebody fills in and that reader answers, who asks for a copy of what is known, too."""
        self.go("/forms/new")
        self.fill(name=form, sender="news@sender.example")
        self.page.get_by_label("The newsletter").check()
        self.press("Make the form")
        sign_up = {"version": "1", "email": "new@example.net", "shown": self._shown(form)}
        assert self.site.ask("POST", f"/f/{form}", urlencode(sign_up)) == 200
        token = self.site.read(reader).leave.rpartition("/")[2]
        assert self.site.ask("POST", f"/f/{token}/{form}", "version=1&type=newsletter") == 200
        assert self.site.ask("POST", f"/p/{token}", "do=export") == 200
        self.go(f"/forms/{form}/answers")
        expect(self.page.locator("tbody tr")).to_have_count(2)

    def _shown(self, form: str) -> str:
        """What the form says of when it was shown, as if some seconds ago."""
        key = keyring.load(self.site.data_dir / recipient_token.KEY_FILE, create=True)[0]
        return confirmation.shown(key, form, time.time() - 10)

    def take_in(self, directory: Path) -> None:
        """A CSV of people, with a new attribute and their consent."""
        rows = [f"{address(n)},Reader {n},{CITIES[n % 2]}" for n in range(PEOPLE)]
        file = directory / "readers.csv"
        file.write_text("\n".join(["email,name,city", *rows, "no address,X,Y"]))
        self.go("/contacts/imports/new")
        self.page.set_input_files("#f-file", file)
        self.page.get_by_label("Columns that are not known").check()
        self.press("Upload")
        self.page.get_by_label("Type of mail").select_option("newsletter")
        self.fill(wording="Yes, send me the newsletter")
        self.press("Try it")
        self.until(self.page.get_by_text("A trial: nothing is changed yet."))
        self.press("Take it in")
        self.until(self.page.get_by_role("heading", name="It is taken in"))
        expect(self.page.locator(".tile").filter(has_text="New")).to_contain_text(str(PEOPLE))
        expect(self.page.locator(".tile").filter(has_text="Rejected")).to_contain_text("1")

    def take_picture(self, directory: Path) -> None:
        """A picture, for mailings to show."""
        file = directory / "pigeon.png"
        file.write_bytes(png(120, 80))
        self.go("/media")
        self.page.set_input_files("#f-uploads", file)
        self.press("Upload")
        expect(self.page.get_by_role("link", name="pigeon.png")).to_be_visible()

    def see_picture(self, path: str) -> None:
        """The preview shows it, as readers get it: neither its sandbox nor its policy is in the way."""
        with self.page.expect_response(re.compile(f"^{self.site.public}/m/.*/pigeon.png$")) as found:
            self.go(f"{path}/content")
        assert (found.value.status, found.value.body()) == (200, png(120, 80))
        shown = self.page.frame_locator("iframe.preview").first.locator("img[src*='/m/']")
        assert shown.evaluate("image => image.naturalWidth") == 120

    def select(self) -> None:
        """Those of one city, by the condition builder."""
        self.go("/selections/new")
        self.fill(name="Of Utrecht")
        self.page.get_by_label("About what, row 1").select_option("city")
        if self.script:  # its comparisons are those of a text now
            expect(self.page.locator("#b-sign-0-0 optgroup")).to_have_count(1)
        self.page.get_by_label("Comparison, row 1").select_option("=")
        self.page.get_by_label("Value, row 1").fill(CITIES[0])
        if not self.script:
            self.page.locator("#builder").get_by_role("button", name="Count").click()
        expect(self.page.locator("#looked")).to_contain_text(f"{PEOPLE // 2} people")
        self.press("Make the selection")
        expect(self.page.get_by_role("heading", name="Of Utrecht")).to_be_visible()
        expect(self.page.locator("#main .head")).to_contain_text(f"{PEOPLE // 2} people")

    def write(self, name: str) -> str:
        """A new mailing up to its checks, red at first and then green; its path."""
        self.go("/mailings/new")
        self.fill(name=name)
        self.press("Make it")
        self.page.wait_for_url("**/edit/setup")
        path = self.page.url.removeprefix(self.site.url).removesuffix("/edit/setup")
        self.page.get_by_label("Type of mail").select_option("newsletter")
        self.press("Store and go to content")
        self.fill(subject="{{ name }}, they are back", sender_name="Pigeons", sender_address="news@elsewhere.example")
        self.fill(body=BODY + self.page.get_by_label("What shows pigeon.png").input_value())
        self.press("Store and go to recipients")
        self.page.get_by_role("checkbox", name="Of Utrecht").first.check()
        if self.script:
            expect(self.page.locator("#count")).to_contain_text(str(PEOPLE // 2))
        self.press("Store and go to checks")
        self.press("Run the checks")
        expect(self.page.locator("#main .findings .state.bad").first).to_be_visible()
        self.go(f"{path}/edit/content")
        self.fill(sender_address="news@postduif.example")
        self.press("Store")
        self.go(f"{path}/edit/checks")
        self.press("Run the checks")
        expect(self.page.locator("#main .card-head").first).to_contain_text("0 errors")
        return path

    def prove(self, path: str, to: str) -> None:
        """Send a proof; it comes."""
        self.go(f"{path}/proofs")
        self.fill(to=to)
        self.press("Send the proof")
        assert "Proof 1" in self.site.mail(to).content.decode("utf-8", "replace")

    def send(self, path: str, rate: str) -> None:
        """At that rate, prepared, and let go."""
        self.go(f"{path}/edit/confirm")
        self.page.get_by_text("Rate, validity, waves, priority").click()
        self.fill(rate=rate)
        self.page.locator("#main details form").filter(has=self.page.locator("#f-rate")).get_by_role("button").click()
        self.go(path)
        self.press("Prepare")
        self.state("prepared")
        self.go(f"{path}/edit/confirm")
        self.press("Send now")
        self.go(path)
        self.state("sending", "handing over", "finished")

    def tile(self, name: str) -> int:
        """A figure of the page as it is now."""
        found = self.page.locator(".tile").filter(has=self.page.locator("dt", has_text=re.compile(f"^{name}$")))
        return int(re.sub(r"\D", "", found.locator("dd").evaluate("dd => dd.firstChild.textContent")))

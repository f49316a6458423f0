"""The pages as a browser meets them: served on a free port of this machine, and somebody who clicks and fills in.

with Pages(tmp_path) as pages:
    anna = pages.signed_in("anna", "sender")
    answer = anna.get("/mailings")
    anna.post("/mailings", name="November")        # with the form's secret, as the page gave it
"""

from __future__ import annotations

import http.client
import re
from http.cookies import SimpleCookie
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlencode

from postduif.campaign.accounts import people, sessions
from postduif.campaign.accounts.roles import Role
from postduif.campaign.mailings.changing import By
from postduif.campaign.serving import Served
from postduif.campaign.web.app import create_app
from postduif.campaign.web.desk import Desk
from postduif.clock import Clock, SystemClock
from postduif.config.kinds import HostPort
from postduif.config.load import read

PASSWORD = "a long sentence nobody else knows"
Fields = dict[str, str | list[str]]


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    """Names in small letters; of several Set-Cookie, the last."""
    text: str

    @property
    def location(self) -> str:
        """Where it sends the browser."""
        return self.headers.get("location", "")

    @property
    def csrf(self) -> str:
        """The secret that forms of this page hold."""
        match = re.search(r'name="csrf" value="([^"]+)"', self.text)
        return match[1] if match else ""


class Browser:
    """Keeps cookies, follows no redirect by itself, and knows the form secret of the last page that had one."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    def get(self, path: str, **headers: str) -> Answer:
        """One page."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, fields: Fields | None = None, **more: str | list[str]) -> Answer:
        """A form with these fields, and the secret of the last page."""
        form = {"csrf": self.csrf, **(fields or {}), **more}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, urlencode(form, doseq=True).encode(), headers)

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Anything."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookies} if cookies else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, sent | (headers or {}))
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        self._keep([value for name, value in response.getheaders() if name.lower() == "set-cookie"])
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, text)
        self.csrf = answer.csrf or self.csrf
        return answer

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> Answer:
        """By the form."""
        self.get("/sign-in")
        answer = self.post("/sign-in", name=name, password=password, **more)
        if answer.status == 303:
            self.get("/own")
        return answer

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value


class Pages:
    """The application, served. As a context, ends with it."""

    def __init__(self, directory: Path, settings: str = "", clock: Clock | None = None, *, web: str = "") -> None:
        """`settings` is TOML after [server]; `web` are lines of its [web] section."""
        directory.chmod(0o700)
        path = directory / "postduif.toml"
        path.write_text(
            f'[server]\nhostname = "mta.sender.example"\ndata_dir = "{directory}"\nrun_dir = "{directory}/run"\n'
            f'{settings}\n[web]\naddress = "127.0.0.1:0"\n{web}\n'
        )
        self.path = path
        self.desk = Desk(read(path), clock or SystemClock())
        self.app = create_app(self.desk)
        proxies = self.desk.config.web.trusted_proxies
        self._served = Served(self.app, HostPort("127.0.0.1:0"), proxies=proxies)

    def __enter__(self) -> Self:
        self._served.start("web.address")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.desk.closing.set()
        self._served.stop()
        self.desk.close()

    @property
    def port(self) -> int:
        """Where they are served, on 127.0.0.1."""
        return self._served.port

    @property
    def url(self) -> str:
        """What addresses begin with."""
        return f"http://127.0.0.1:{self.port}"

    def browser(self) -> Browser:
        """Somebody who is not signed in."""
        return Browser(self.port)

    def add(self, name: str, role: str = "administrator", *, password: str = "") -> None:
        """Somebody new. Without a password, which takes some 20 ms to make, there are only links and sessions."""
        by = By("a test", self.desk.clock.time())
        with self.desk.accounts() as connection:
            people.add(connection, name, "", Role(role), by)
            if password:
                people.set_password(connection, name, password, by)

    def signed_in(self, name: str = "anna", role: str = "administrator") -> Browser:
        """Somebody new who is signed in, with the form secret at hand; not by the form, which has tests of its own."""
        self.add(name, role)
        browser = self.browser()
        with self.desk.accounts() as connection:
            by = By(name, self.desk.clock.time())
            begun = sessions.begin(connection, people.find(connection, name), by)
        browser.cookies["postduif_session"] = begun.cookie
        browser.csrf = begun.csrf
        return browser

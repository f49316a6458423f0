"""The directory of a demonstration: keys, the configuration file, and free ports."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from postduif.demo.letters import DOMAIN
from postduif.mta.dkim_keys import generate, record_name

HOSTNAME = f"mta.{DOMAIN}"
BOUNCES = f"bounces.{DOMAIN}"
KEYS = {"rsa2026": "rsa", "ed2026": "ed25519"}
"""Selector to kind: every letter gets a signature of each."""
SETTINGS = """\
# Written by `postduif demo`; gone when it ends.
[server]
hostname = "{hostname}"
data_dir = "{directory}/data"
run_dir = "{directory}/run"

[[listener]]
address = "127.0.0.1:{smtp}"
trusted = ["127.0.0.0/8"]

[[listener]]                            # what comes back: bounces, complaints, absence notes
address = "127.0.0.1:{inbound}"
role = "inbound"

[web]
address = "127.0.0.1:{web}"             # the pages
public_url = "http://127.0.0.1:{public}"  # the links in mail
public_address = "127.0.0.1:{public}"

[metrics]
address = "127.0.0.1:{metrics}"

[dns]
nameservers = ["127.0.0.1:{dns}"]       # the zone of the sender, so that it can be checked

[bounce]
domain = "{bounces}"

[queue]
disk_reserve = "10M"

[[next_hop]]
domain = "*"
hosts = ["127.0.0.1:{sink}"]            # the test MX

[delivery]
retry = "1s*5, 5s, 15s, 1m"
lifetime = "15m"
"""
DKIM = """
[[dkim]]
domain = "{domain}"
selector = "{selector}"
key = "{directory}/{selector}.pem"
"""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What was made."""

    config: Path
    smtp: int
    """Port of the submission listener."""
    inbound: int
    """Port of the listener for what comes back."""
    web: int
    """Port of the pages."""
    public: int
    """Port of the links in mail."""
    metrics: int
    """Port of /metrics."""

    @property
    def directory(self) -> Path:
        """Where everything is."""
        return self.config.parent

    @property
    def run_dir(self) -> Path:
        """Where the control socket is."""
        return self.directory / "run"


def make_keys(directory: Path) -> dict[str, str]:
    """A private key of each kind; returns what the sink needs to verify with: record name to PEM."""
    pems: dict[str, str] = {}
    for selector, kind in KEYS.items():
        pem = generate(kind)
        file = directory / f"{selector}.pem"
        file.touch(0o600)
        file.write_bytes(pem)
        pems[record_name(DOMAIN, selector)] = pem.decode()
    return pems


def write_settings(directory: Path, sink: int, dns: int) -> Workshop:
    """A configuration file for a daemon that delivers everything to the port `sink` and asks DNS at the port `dns`."""
    ours = dict(zip(("smtp", "inbound", "web", "public", "metrics"), _free_ports(5), strict=True))
    text = SETTINGS.format(hostname=HOSTNAME, bounces=BOUNCES, directory=directory, sink=sink, dns=dns, **ours)
    for selector in KEYS:
        text += DKIM.format(domain=DOMAIN, selector=selector, directory=directory)
    file = directory / "postduif.toml"
    file.write_text(text, encoding="utf-8")
    return Workshop(file, **ours)


def _free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago; the daemon's commands need to find them in the file."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [int(one.getsockname()[1]) for one in taken]
    finally:
        for one in taken:
            one.close()

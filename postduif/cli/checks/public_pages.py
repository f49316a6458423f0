"""The pages for readers: the key of the links in mail, and whether readers come to where those lead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from ipaddress import ip_address

from postduif import recipient_token
from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.finding import Level
from postduif.campaign.checks.reach import Reach, reached
from postduif.campaign.checks.rules import pages
from postduif.cli.checks.key_ring import key_ring
from postduif.clock import SystemClock
from postduif.config.load import Loaded
from postduif.config.private_files import find_private
from postduif.config.schema import Config
from postduif.errors import ConfigError
from postduif.mta.resolver import Resolver
from postduif.mta.soundness.finding import About, Finding


def links_key(loaded: Loaded) -> Iterator[Finding]:
    """The key of the links in mail can be read, or will be made."""
    config = loaded.config
    if config.web.public_url is None:
        return
    about, path = About(loaded, "server", "data_dir"), config.server.data_dir / recipient_token.KEY_FILE
    try:
        there = find_private(path).exists()
    except OSError:
        return  # the check of the directory says so
    if not there:
        yield about.ok(f"{path}: will be made; links in mail are signed with it, so back it up")
        return
    yield key_ring(about, path, "signs the links in mail")


def in_the_clear(loaded: Loaded) -> Iterator[Finding]:
    """Only the web server with TLS in front reaches these pages: what opens them stands in every address."""
    web = loaded.config.web
    if web.public_url is not None and not ip_address(web.public_address.host).is_loopback:
        yield About(loaded, "web", "public_address").warning(
            f"{web.public_address.host} is not a loopback address, and these pages are served in the clear",
            "let nobody but the web server with TLS in front of them reach it",
        )


def public_pages(loaded: Loaded) -> Iterator[Finding]:
    """Where links in mail lead has an address and valid TLS; the rules of mailings say what is wrong."""
    url = loaded.config.web.public_url
    if url is None:
        return
    about = About(loaded, "web", "public_url")
    try:
        reach = asyncio.run(_looked(loaded.config, url))
    except ConfigError:
        return  # there is no name server: the check of the records says so
    if reach is None:
        return
    facts = Facts(SystemClock().time(), public_url=url, reach=reach)
    found = [(one.level, remark) for one in pages.RULES for remark in one.look(facts)]
    for level, remark in found:
        yield (about.error if level is Level.ERROR else about.warning)(remark.text, remark.remedy)
    if not found:
        yield about.ok(f"{reach.host} is {', '.join(reach.addresses)}, and its TLS is valid")


async def _looked(config: Config, url: str) -> Reach | None:
    resolver = Resolver(config.dns, SystemClock())
    try:
        return await reached(resolver, url)
    finally:
        await resolver.close()

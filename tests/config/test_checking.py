"""What must hold between settings."""

from __future__ import annotations

import tomllib

import pytest

from postduif.config import manual
from postduif.config.checking import faults, is_qualified, serving_faults
from postduif.config.lines import written
from postduif.config.schema import Config

LISTENER = '[[listener]]\naddress = "{}"\n'
HERE, WORLD = LISTENER.format("127.0.0.1:2525"), LISTENER.format("192.0.2.1:2525")
TLS = 'tls = "starttls"\ncertificate = "/c"\n'
DKIM = '[[dkim]]\ndomain = "{}"\nselector = "{}"\nkey = "/k"\n'
HTTP = '[http]\naddress = "{}"\n'
WEB, PUBLIC = '[web]\naddress = "{}"\n', 'public_url = "https://news.example.com"\n'
HOOK = '[[webhook]]\nname = "app"\nurl = "{}://app.example/"\nsecret_file = "/s"\n'


def wrong(text: str) -> dict[str, str]:
    """What is wrong, by key path."""
    return {written(fault.path): fault.text for fault in faults(Config.model_validate(tomllib.loads(text)))}


@pytest.mark.parametrize(
    "text",
    [
        "",
        manual.MINIMAL,
        manual.EXAMPLE.read_text(),
        HERE + 'auth = "required"\nauth_without_tls = true\n',
        LISTENER.format("[::1]:25") + 'auth = "optional"\nauth_without_tls = true\n',
        WORLD + TLS + 'auth = "required"\nprivate_key = "/k"\n',
        HERE + 'trusted = ["0.0.0.0/0"]\n',
        LISTENER.format("127.0.0.1:0") * 2,
        LISTENER.format("0.0.0.0:25") + LISTENER.format("[::]:25"),
        DKIM.format("a.example", "1") + DKIM.format("a.example", "2") + DKIM.format("b.example", "1"),
        '[delivery]\nretry = "4d"\nlifetime = "4d"\n',
        '[server]\npostmaster = "me@example.com"\n',
        '[delivery]\nlifetime = "20d"\n',
        '[bounce]\ndomain = "b.example"\nsign_submitted = true\n',
        '[bounce]\nsoft_errors = 2\nerror_window = "1d"\n',
        HOOK.format("https"),
        HOOK.format("http") + 'allowed_networks = ["10.0.0.0/8"]\n',
        HTTP.format("[::1]:8025"),
        HTTP.format("192.0.2.1:443") + 'certificate = "/c"\nprivate_key = "/k"\n',
        HTTP.format("127.0.0.1:8026"),
        WEB.format("192.0.2.1:443") + 'certificate = "/c"\nprivate_key = "/k"\n',
        WEB.format("[::1]:8025") + PUBLIC,
    ],
    ids=range(22),
)
def test_right(text: str) -> None:
    """What is right is left in peace."""
    assert wrong(text) == {}


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (HTTP.format("0.0.0.0:8025"), "http.address", "tokens would cross the network in the clear"),
        (HTTP.format("127.0.0.1:8025") + 'private_key = "/k"\n', "http.private_key", "not used without a certificate"),
        (HTTP.format("127.0.0.1:8025") + 'stream = "x"\n', "http.stream", 'no stream is named "x"'),
        (HTTP.format("127.0.0.1:8025") + 'max_message_size = "200M"\n', "http.max_message_size", "more memory there"),
        (HERE + HTTP.format("127.0.0.1:2525"), "http.address", '"127.0.0.1:2525" is taken by listener[0].address'),
        (WEB.format("0.0.0.0:443"), "web.address", "passwords would cross the network in the clear"),
        (WEB.format("127.0.0.1:1") + 'private_key = "/k"\n', "web.private_key", "not used without a certificate"),
        ('[web]\ncertificate = "/c"\n', "web.certificate", "not used without an address; write address ="),
        ('[web]\ntrusted_proxies = ["0.0.0.0/0"]\n', "web.trusted_proxies[0]", '"0.0.0.0/0" is everybody'),
        (HTTP.format("127.0.0.1:1") + WEB.format("127.0.0.1:1"), "web.address", "is taken by http.address; write"),
        (WEB.format("127.0.0.1:8026") + PUBLIC, "web.public_address", "is taken by web.address; write another"),
        (HERE + 'tls = "implicit"\n', "listener[0].tls", '"implicit" needs a certificate; write certificate ='),
        (HERE + 'certificate = "/c"\n', "listener[0].certificate", 'not used while tls is "none"; write tls ='),
        (HERE + 'private_key = "/c"\n', "listener[0].private_key", 'not used while tls is "none"; write tls ='),
        (HERE + 'auth = "optional"\n', "listener[0].auth", '"optional" needs TLS'),
        (WORLD + 'auth = "required"\n', "listener[0].auth", '"required" needs TLS'),
        (
            WORLD + "auth_without_tls = true\n",
            "listener[0].auth_without_tls",
            "192.0.2.1 is not a loopback address; write",
        ),
        (WORLD + TLS + "auth_without_tls = true\n", "listener[0].auth_without_tls", "in the clear"),
        (WORLD + 'trusted = ["10.0.0.0/8", "::/0"]\n', "listener[0].trusted[1]", "open relay; name your own networks"),
        (WORLD + 'max_message_size = "300M"\n', "listener[0].max_message_size", "or more memory there"),
        (HERE + HERE, "listener[1].address", '"127.0.0.1:2525" is taken by listener[0].address; write another'),
        (HERE + LISTENER.format("0.0.0.0:2525"), "listener[1].address", "is taken by listener[0].address"),
        (LISTENER.format("[::1]:1") + LISTENER.format("[0::1]:1"), "listener[1].address", "is taken by"),
        (HERE + '[metrics]\naddress = "127.0.0.1:2525"\n', "metrics.address", "is taken by listener[0].address"),
        (HERE + 'stream = "bulk"\n', "listener[0].stream", 'no stream is named "bulk"; add [[stream]]'),
        ('[[site]]\nname = "a"\n', "site[0]", '"a" has neither mx nor domains'),
        (
            DKIM.format("a.example", "1") + DKIM.format("A.example", "1"),
            "dkim[1].selector",
            "already, at dkim[0].selector",
        ),
        ('[[stream]]\nname = "a"\n' * 2, "stream[1].name", 'there is a stream "a" already, at stream[0].name; remove'),
        ('[[site]]\nname = "a"\nmx = ["a"]\n[[site]]\nname = "a"\nmx = ["b"]\n', "site[1].name", 'a site "a" already'),
        ('[[site]]\nname = "a"\nmx = ["a"]\n[[site]]\nname = "b"\nmx = ["A"]\n', "site[1].mx[0]", 'site for MX "a"'),
        ('[[site]]\nname = "a"\ndomains = ["a", "A"]\n', "site[0].domains[1]", "already, at site[0].domains[0]"),
        ('[[next_hop]]\ndomain = "*"\nhosts = ["a:1"]\n' * 2, "next_hop[1].domain", 'a next hop for "*" already'),
        (
            '[delivery]\nretry = "2h"\nlifetime = "1h"\n',
            "delivery.retry",
            "the first wait, 2h, is longer than lifetime, 1h",
        ),
        ('[dns]\nmin_ttl = "2h"\nmax_ttl = "1h"\n', "dns.min_ttl", "2h is more than max_ttl, 1h; write it shorter"),
        ("[bounce]\nsign_submitted = true\n", "bounce.sign_submitted", "needs a domain to come back to; write domain"),
        ('[bounce]\nunprocessed_to = "people"\n', "bounce.unprocessed_to", "is not an address"),
        (
            '[bounce]\ndomain = "b.example"\nunprocessed_to = "x@b.example"\n',
            "bounce.unprocessed_to",
            "name a mailbox elsewhere",
        ),
        (
            '[bounce]\ndomain = "b.example"\nsign_submitted = true\n[queue]\njournal_retention = "7d"\n',
            "queue.journal_retention",
            "is shorter than a bounce is believed",
        ),
        (
            '[delivery]\nlifetime = "14d"\n[bounce]\ndomain = "b.example"\n',
            "bounce.bounce_lifetime",
            "2w can be over before we have made the last attempt (delivery.lifetime is 2w); write it",
        ),
        (
            "[bounce]\nsoft_errors = 12\n",
            "bounce.error_window",
            "10d has no room for 12 errors that are 1d apart, so nothing would ever be quarantined; write it longer",
        ),
        ('[server]\npostmaster = "me"\n', "server.postmaster", '"me" is not an address (no domain); write it as'),
        (HOOK.format("https") * 2, "webhook[1].name", 'a webhook "app" already, at webhook[0].name; remove'),
        (HOOK.format("http"), "webhook[0].url", "could read it; write https://, or"),
        (HOOK.format("https").replace('secret_file = "/s"', ""), "webhook[0]", "neither secret nor secret_file"),
        (HOOK.format("https") + f'secret = "whsec_{"a" * 40}"\n', "webhook[0]", '"app" has secret and secret_file'),
        (
            HOOK.format("https") + '[queue]\njournal_retention = "1d"\n',
            "webhook[0].lifetime",
            "is kept for 1d (queue.journal_retention); write a shorter time",
        ),
    ],
    ids=range(46),
)
def test_wrong(text: str, path: str, words: str) -> None:
    """What contradicts another setting is one fault, with place, problem and remedy."""
    found = wrong(text)
    assert list(found) == [path]
    assert words in found[path]
    assert "; " in found[path]


@pytest.mark.parametrize(
    ("hostname", "qualified"),
    [
        ("mta.example.com", True),
        ("MTA.Example", True),
        ("xn--bcher-kva.example", True),
        ("localhost", False),
        ("", False),
        ("mta.example.com.", False),
        ("192.0.2.1", False),
        ("[192.0.2.1]", False),
        ("a_b.example", False),
        ("a..b", False),
        ("a b.example", False),
    ],
)
def test_hostname(hostname: str, *, qualified: bool) -> None:
    """The daemon's name has two labels or more, and is no IP address (RFC 5321 2.3.5)."""
    assert is_qualified(hostname) is qualified
    found = serving_faults(Config.model_validate({"server": {"hostname": hostname}}))
    assert bool(found) is not qualified
    assert all(fault.path == ("server", "hostname") and "; write" in fault.text for fault in found)


def test_host_name_beyond_ascii() -> None:
    """A host name is written as other hosts look it up."""
    (fault,) = serving_faults(Config.model_validate({"server": {"hostname": "bücher.example"}}))
    assert "A-labels" in fault.text


@pytest.mark.parametrize("own", ["postmaster@mta.example", "Abuse@MTA.example"])
def test_postmaster_is_elsewhere(own: str) -> None:
    """Mail for postmaster cannot go to postmaster: it would go round."""
    found = wrong(f'[server]\nhostname = "mta.example"\npostmaster = "{own}"\n')
    assert "name a mailbox elsewhere" in found["server.postmaster"]

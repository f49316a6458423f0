"""What each kind of setting takes and refuses."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

from postduif.config import kinds
from postduif.config.kinds import HostPort


def read(kind: Any, value: object) -> Any:
    """The value as a setting of that kind."""
    return TypeAdapter(kind, config=ConfigDict(arbitrary_types_allowed=True)).validate_python(value)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:25", "127.0.0.1", 25), ("[::1]:0", "::1", 0), ("mx.example:25", "mx.example", 25)],
)
def test_endpoints(text: str, host: str, port: int) -> None:
    """An endpoint is a host and a port; IPv6 stands in brackets."""
    endpoint = read(kinds.Endpoint, text)
    assert isinstance(endpoint, HostPort)
    assert (endpoint.host, endpoint.port) == (host, port)


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1", ":25", "::1:25", "a:65536", "a:", "a:x", "[a]:1", "1.2.3:25", "a b:25", "a:٣", 25, None, "[]:5"],
)
def test_endpoints_refused(text: object) -> None:
    """Anything else is refused."""
    with pytest.raises(ValidationError, match="is not a host with a port; write it as"):
        read(kinds.Endpoint, text)


def test_ip_endpoints_take_no_names() -> None:
    """What we bind is an address, not a name."""
    with pytest.raises(ValidationError, match="is not an IP address with a port"):
        read(kinds.IpEndpoint, "localhost:25")


@pytest.mark.parametrize(
    ("text", "endpoint"), [("9.9.9.9", "9.9.9.9:53"), ("::1", "[::1]:53"), ("127.0.0.1:5353", "127.0.0.1:5353")]
)
def test_name_servers_default_to_port_53(text: str, endpoint: str) -> None:
    """A name server without a port has port 53."""
    assert read(kinds.Nameserver, text) == endpoint


@pytest.mark.parametrize("text", ["dns.example", "9.9.9.9:0", "[::1]", 53])
def test_name_servers_refused(text: object) -> None:
    """A name server is an address, and its port is not 0."""
    with pytest.raises(ValidationError, match="is not a name server"):
        read(kinds.Nameserver, text)


def test_networks() -> None:
    """A network is a block or one address."""
    assert read(kinds.AnyNetwork, "10.0.0.0/8") == ipaddress.ip_network("10.0.0.0/8")
    assert read(kinds.AnyNetwork, "::1") == ipaddress.ip_network("::1/128")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10.0.0.1/8", 'write the network as "10.0.0.0/8"'),
        ("10.0.0.0/33", "not a network"),
        (5, "not a network"),
        ("x", "not"),
    ],
)
def test_networks_refused(text: object, words: str) -> None:
    """An address with a mask is not taken for its network."""
    with pytest.raises(ValidationError, match=words):
        read(kinds.AnyNetwork, text)


def test_domains_are_normal() -> None:
    """Domains are compared as they are looked up: lower-case, in A-labels."""
    assert read(kinds.Domain, "Bücher.Example") == "xn--bcher-kva.example"
    assert read(kinds.DomainPattern, "*.Example.COM") == "*.example.com"
    assert read(kinds.DomainPattern, "*") == "*"
    assert read(kinds.MxSuffix, ".Google.com") == ".google.com"
    assert read(kinds.MxSuffix, "mx.Example.com") == "mx.example.com"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (kinds.Domain, "example.com."),
        (kinds.Domain, "a b"),
        (kinds.Domain, "[127.0.0.1]"),
        (kinds.Domain, 5),
        (kinds.DomainPattern, "*example.com"),
        (kinds.DomainPattern, "*.*.com"),
        (kinds.MxSuffix, ".google.com."),
        (kinds.MxSuffix, "*.google.com"),
        (kinds.MxSuffix, "."),
        (kinds.MxSuffix, ""),
        (kinds.Name, "a b"),
        (kinds.Name, ""),
        (kinds.Name, "-a"),
        (kinds.Name, "a" * 64),
        (kinds.Name, "a\n"),
        (kinds.Selector, "a_"),
        (kinds.Selector, "a."),
        (kinds.AbsolutePath, "key.pem"),
        (kinds.AbsolutePath, "/a\0"),
        (kinds.AbsolutePath, 5),
        (kinds.Count, "1"),
        (kinds.Count, 1.0),
        (kinds.Count, True),
        (kinds.Share, float("nan")),
        (kinds.Share, "0.1"),
        (kinds.Flag, 1),
        (kinds.Flag, "true"),
        (kinds.Text, 1),
    ],
)
def test_refused(kind: Any, text: object) -> None:
    """Nothing is guessed: what is not written as it should be is refused."""
    with pytest.raises(ValidationError):
        read(kind, text)


def test_paths() -> None:
    """A path is whole."""
    assert read(kinds.AbsolutePath, "/etc/x") == Path("/etc/x")


@pytest.mark.parametrize(
    "text", ["https://app.example.com/events?a=b", "http://10.0.0.1:8080/", "https://[2001:db8::1]:8443/x"]
)
def test_web_addresses(text: str) -> None:
    """A web address stays as it is written."""
    assert read(kinds.WebUrl, text) == text


@pytest.mark.parametrize(
    "text",
    [
        "app.example.com",
        "ftp://app.example.com/",
        "file:///etc/passwd",
        "https://user:secret@app.example.com/",
        "https://app.example.com/#part",
        "https://app.example.com:0/",
        "https://app.example.com:99999/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://[::1/",
        "https:///events",
        "https://bücher.example/",
        "https://app.example.com/a b",
        "https://app.example.com/\r\nX: y",
        12,
    ],
)
def test_web_addresses_refused(text: object) -> None:
    """A host is a name or an address in its usual form, and nothing hides in it."""
    with pytest.raises(ValidationError, match="is not a web address; write it as"):
        read(kinds.WebUrl, text)

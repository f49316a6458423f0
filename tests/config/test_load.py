"""A file becomes a Config, or one error that says everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.config import manual
from postduif.config.load import MAX_OCTETS, load, read, whereabouts
from postduif.errors import ConfigError
from tests.ordinary import ordinary_user


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the test writes its settings."""
    return tmp_path / "postduif.toml"


def wrong(file: Path, text: str | bytes, *, serving: bool = False) -> list[str]:
    """The lines of the error, without the directory."""
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as caught:
        load(file, serving=serving)
    return str(caught.value).replace(f"{file.parent}/", "").split("\n")


def test_reads(file: Path) -> None:
    """Values arrive typed, and what is not in the file has its default."""
    file.write_text('[delivery]\nlifetime = "2d"\n[[stream]]\nname = "bulk"\npriority = 5\n')
    config = load(file)
    assert config.delivery.lifetime == 172800.0
    assert config.stream[0].priority == 5
    assert config.delivery.port == 25


@pytest.mark.parametrize("text", [manual.MINIMAL, manual.EXAMPLE.read_text()], ids=["minimal", "full"])
def test_examples(file: Path, text: str) -> None:
    """The manual's examples serve."""
    file.write_text(text)
    assert load(file, serving=True).server.hostname == "mta.example.com"


def test_empty_and_byte_order_mark(file: Path) -> None:
    """An empty file is all defaults, and a byte order mark is no text."""
    file.write_bytes(b"")
    assert load(file).listener == ()
    file.write_bytes(b"\xef\xbb\xbf[delivery]\r\nport = 26\r\n")
    assert load(file).delivery.port == 26


def test_sources(file: Path) -> None:
    """Every setting can be traced to its line."""
    file.write_text('[server]\nhostname = "a.example"\n\n[[listener]]\naddress = "127.0.0.1:0"\n')
    loaded = read(file)
    assert loaded.source("server", "hostname") == f"{file}:2"
    assert loaded.source("listener", 0, "address") == f"{file}:5"
    assert loaded.source("listener", 0, "tls") == "default"
    assert loaded.near("listener", 0, "tls") == f"{file}:4"
    assert loaded.near("queue") == str(file)


def test_everything_at_once(file: Path) -> None:
    """All faults are told together, in the order of the file."""
    text = """\
[server]
hostnam = "a"

[[listener]]
address = "127.0.0.1:0"
max_recipients = 0
[[listener]]
adress = "127.0.0.1:0"
[delivery]
lifetime = "4 days"
"""
    assert wrong(file, text) == [
        'postduif.toml:2: server.hostnam: no such setting; did you mean "hostname"?',
        "postduif.toml:6: listener[0].max_recipients: 0 is out of range; write 1 to 65535",
        'postduif.toml:7: listener[1].address: missing; write address = "127.0.0.1:2525"',
        'postduif.toml:8: listener[1].adress: no such setting; did you mean "address"?',
        'postduif.toml:10: delivery.lifetime: "4 days" is not a time; write it as "30s", "5m", "1h30m" or "4d"',
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1", "1: a: no such setting; settings stand below a [section]"),
        ('\nlisteners = [{ address = "x" }]', "2: listeners: no such section; did you mean [[listener]]?"),
        ("dns = { timeout = 5,\n timeou = 5 }", '2: dns.timeou: no such setting; did you mean "timeout"?'),
        (
            'dns.nameservers = [\n"::1",\n"x"]',
            '3: dns.nameservers[1]: "x" is not a name server; write it as "192.0.2.53"',
        ),
        ('[server]\n"a\\nb" = 1', '2: server."a\\nb": no such setting; [server] knows hostname'),
        ('[[site]]\nname = "a"\n[site.limits]\nx = 1', "3: site[0].limits: no such setting; [[site]] knows name"),
    ],
)
def test_places(file: Path, text: str, line: str) -> None:
    """Dotted keys, inline tables, elements and odd names have their line and path."""
    if "\n " in text:  # TOML 1.0 has no line breaks in inline tables, so this is the syntax error it should be
        assert wrong(file, text)[0].startswith("postduif.toml:1: ")
        return
    assert wrong(file, text)[0].startswith(f"postduif.toml:{line}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[server]\nidle = 5m\n",
            '2: something follows the value at column 9; put text, sizes and times in quotes, as "5m"',
        ),
        ("[server]\na = b\n", '2: not a value at column 5; put text, sizes and times in quotes, as "5m"'),
        ("[server\n", "1: a bracket is not closed"),
        ("a = 1\na = 2\n", "2: this setting stands twice"),
        ("[a]\n[b]\n[a]\n", "3: this section stands twice"),
        ("[a]\nx\n", "2: no = after the name"),
        ("\n=\n", "2: neither a setting nor a section at column 1; write it as name = value, or as [section]"),
        ('[a]\nx = "b\n', "2: a text is not closed"),
        ('[a]\nx = "\\d"\n', "2: a backslash in text"),
        ("x = [1,\n2\n", "2: a bracket is not closed"),
        ('x = """\n\n', "1: a text is not closed"),
        ("x = 1 # \x07\n", "1: not TOML at column"),
        ("x" + "=1" * 9, "1: something follows the value"),
        ("x = '", "1: a text is not closed"),
        ("x = " + "9" * 5000, " a number of thousands of digits"),
        ("x = " + "[" * 100_000, " brackets are nested too deep"),
        (b"\n\nx = '\xff'", "3: not UTF-8"),
        (b"\x00", "1: "),
    ],
    ids=range(18),
)
def test_broken_toml(file: Path, text: str | bytes, line: str) -> None:
    """Text that is not TOML is one error with line, problem and remedy."""
    (message,) = wrong(file, text)
    assert message.startswith(f"postduif.toml:{line}")
    assert "; " in message


def test_unreadable_files(tmp_path: Path) -> None:
    """A file that is missing, a directory, or too long is one clear error."""
    large = tmp_path / "large"
    large.write_bytes(b"#" * (MAX_OCTETS + 1))
    for path, words in ((tmp_path / "x", "no such file"), (tmp_path, "cannot be read"), (large, "longer than 4M")):
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path}: {words}")
        assert "; name another with --config" in str(caught.value).replace("create it, or ", "")


def test_forbidden_file(file: Path) -> None:
    """A file that we may not read says how to change that."""
    file.write_text("")
    file.chmod(0)
    with ordinary_user(), pytest.raises(ConfigError, match=r"may not be read by uid \d+; run this as root"):
        load(file)


def test_only_the_daemon_needs_a_name(file: Path) -> None:
    """Other commands read a file whose hostname is not yet right."""
    text = '[server]\nhostname = "localhost"\n'
    assert "server.hostname" in wrong(file, text, serving=True)[0]
    assert load(file).server.hostname == "localhost"


def test_no_jargon(file: Path) -> None:
    """No message speaks of the library that found the fault."""
    text = (
        "[server]\nx = 1\nhostname = 5\n[[listener]]\n[dns]\nnameservers = 1\n[site]\n[[queue]]\n[delivery]\nport = 0\n"
    )
    for line in wrong(file, text):
        assert not any(word in line.lower() for word in ("pydantic", "input should", "extra inputs", "http", "valid "))


@pytest.mark.parametrize(
    "text", ["[listener]\nx = 1\n{}", '{}lifetime = "2d"\n', "{}[broken\n", '[queue]\nrun_dir = "/no"\n{}x = = 1\n']
)
def test_where_the_daemon_is(file: Path, text: str) -> None:
    """The directories are read whatever else is wrong, be it the TOML itself; where a setting stands is not claimed."""
    file.write_text(text.format('[server]\nrun_dir = "/a/run"\ndata_dir = "/a/data" # here\n'))
    found = whereabouts(file)
    assert found is not None
    assert (str(found.config.server.run_dir), str(found.config.server.data_dir)) == ("/a/run", "/a/data")
    assert "unknown" in found.source("delivery", "retry")


@pytest.mark.parametrize("text", ["server = 1\n", '[server]\nrun_dir = "relative"\n', b"\xff"])
def test_nowhere_to_be_found(file: Path, text: str | bytes) -> None:
    """A directory that is none, and what is no text, lead nowhere."""
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    assert whereabouts(file) is None

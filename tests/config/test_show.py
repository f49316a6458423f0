"""What holds in the end, and where it comes from."""

from __future__ import annotations

import tomllib
from pathlib import Path

from postduif.config import manual
from postduif.config.load import read
from postduif.config.schema import Config
from postduif.config.show import as_toml, effective


def test_reads_back() -> None:
    """What is shown is TOML with the same meaning."""
    loaded = read(manual.EXAMPLE)
    text = "\n".join(as_toml(loaded))
    assert Config.model_validate(tomllib.loads(text)) == loaded.config


def test_sources(tmp_path: Path) -> None:
    """Each setting has its line of the file, or says that it is the default."""
    file = tmp_path / "p.toml"
    file.write_text('[[site]]\nname = "a"\ndomains = ["a.example"]\nmessage_rate = ""\n')
    lines = list(as_toml(read(file)))
    assert [line.split() for line in lines if line.startswith("name ")] == [["name", "=", '"a"', "#", f"{file}:2"]]
    assert next(line for line in lines if line.startswith("port ")).endswith("  # default")
    assert any(line.startswith("# tls is not set") for line in lines)
    assert sum(line.startswith('message_rate = ""') for line in lines) == 1


def test_names(tmp_path: Path) -> None:
    """Settings are named as in messages."""
    file = tmp_path / "p.toml"
    file.write_text('[[listener]]\naddress = "127.0.0.1:0"\n')
    found = {one.name: one for one in effective(read(file))}
    assert found["listener[0].address"].value == "127.0.0.1:0"
    assert found["listener[0].max_message_size"].value == "25M"
    assert found["listener[0].certificate"].value is None


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """A secret that stands in the file does not come out of it."""
    file = tmp_path / "p.toml"
    secret = "whsec_" + "c2VjcmV0" * 5
    file.write_text(f'[[webhook]]\nname = "app"\nurl = "https://a.example/"\nsecret = "{secret}"\n')
    text = "\n".join(as_toml(read(file)))
    assert "whsec_ and what is not shown" in text
    assert "c2VjcmV0" not in text + repr(read(file).config)

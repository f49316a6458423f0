"""Which format of decorated mail a Japanese mobile operator's subscribers read, by the domain of their address."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from importlib import resources


@lru_cache(maxsize=10_000)
def deco_format(domain: str) -> str:
    """`deco-mail`, `decore-mail` or `decoration-mail`; "" for all other domains."""
    formats = _formats()
    labels = domain.lower().rstrip(".").split(".")
    return next((formats[name] for at in range(len(labels)) if (name := ".".join(labels[at:])) in formats), "")


@cache
def _formats() -> dict[str, str]:
    table = tomllib.loads(resources.files(__package__).joinpath("deco_mail.toml").read_text(encoding="utf-8"))
    return {domain: name for name, format_ in table.items() for domain in format_["domains"]}

"""Fuzzes one check with atheris: `python -m tests.fuzz NAME [arguments of libFuzzer]`.

`tests/fuzz/fuzz_NAME.py` has the check: a function `check(octets)` that raises when something is not true, and `SEEDS`,
inputs to begin with. What is found on the way is kept in `build/fuzz/NAME/corpus`, so the next run goes on from there;
an input that fails, or that takes too long, is written to `build/fuzz/NAME/` and printed.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from pathlib import Path

import atheris

BUILD = Path("build/fuzz")
LIMITS = ("-max_len=4096", "-timeout=10", "-rss_limit_mb=2048")


def main(name: str, *arguments: str) -> None:
    """Fuzz until libFuzzer has enough; it ends the program."""
    with atheris.instrument_imports(include=["postduif", "idna"]):
        module = importlib.import_module(f"tests.fuzz.fuzz_{name}")
    corpus = BUILD / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in module.SEEDS:
        (corpus / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    if not any(argument[:1] != "-" for argument in arguments):
        arguments = (str(corpus), *arguments)  # without a file to try again
    atheris.Setup([sys.argv[0], f"-artifact_prefix={BUILD / name}/", *LIMITS, *arguments], module.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])

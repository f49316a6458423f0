"""The command line of sendmail(1), read as its callers write it: `-oi`, `-f addr`, `-faddr`, `-ti`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_WITH_VALUE = frozenset("ABCDFLNORVXdfhopr")
_FLAGS = frozenset("GUimntv")
_ELSEWHERE = {
    "bp": "-bp lists no queue here; run `postduif queue list`",
    "bs": "-bs is not there; speak SMTP to a listener",
    "bd": "-bd starts no daemon; run `postduif serve`",
    "bi": "-bi rebuilds nothing: there are no aliases",
    "bt": "-bt is not there",
    "bv": "-bv is not there: no address is verified without a mail",
}
_NOTIFY = re.compile(r"never|(?:success|failure|delay)(?:,(?:success|failure|delay)){0,2}", re.IGNORECASE)
_XTEXT = re.compile(r"[!-*,-<>-~]{1,100}")


@dataclass(slots=True)
class Options:
    """What the caller wants. Texts are as given; "" was not."""

    recipients: list[str] = field(default_factory=list)
    from_header: bool = False
    """-t: recipients stand in To, Cc and Bcc too."""
    dots: bool = False
    """-i: a line of one dot is text, not the end."""
    sender: str | None = None
    full_name: str = ""
    config: str = ""
    notify: str = ""
    ret: str = ""
    envid: str = ""
    verbose: bool = False


def read_options(arguments: Sequence[str]) -> Options:
    """Raises ValueError with the remedy."""
    options = Options()
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word == "--":
            options.recipients += left
            break
        if not word.startswith("-") or word == "-":
            options.recipients.append(word)
        elif word[1] in "bq":
            _mode(word[1:])
        else:
            _letters(options, word[1:], left)
    return options


def _mode(word: str) -> None:
    if word.startswith("q"):
        raise ValueError(f"-{word} runs no queue here: the daemon does; see `postduif queue retry`")
    if word != "bm":
        raise ValueError(_ELSEWHERE.get(word, f"-{word} is no mode of sendmail"))


def _letters(options: Options, word: str, left: list[str]) -> None:
    """One argument of letters: flags may stand together, the first that takes a value takes the rest."""
    for position, letter in enumerate(word):
        if letter in _WITH_VALUE:
            value = word[position + 1 :]
            if not value and letter not in "dp":
                if not left:
                    raise ValueError(f"-{letter} needs a value")
                value = left.pop(0)
            _valued(options, letter, value)
            return
        if letter not in _FLAGS:
            raise ValueError(f"-{letter} is no option of sendmail")
        options.from_header = options.from_header or letter == "t"
        options.dots = options.dots or letter == "i"
        options.verbose = options.verbose or letter == "v"


def _valued(options: Options, letter: str, value: str) -> None:
    if letter in "fr":
        options.sender = value
    elif letter == "F":
        options.full_name = value
    elif letter == "C":
        options.config = value
    elif letter == "o" and value == "i":
        options.dots = True
    elif letter == "N":
        if not _NOTIFY.fullmatch(value):
            raise ValueError(f"-N {value}: write never, or some of success,failure,delay")
        options.notify = value.upper()
    elif letter == "R":
        if value.lower() not in ("full", "hdrs"):
            raise ValueError(f"-R {value}: write full or hdrs")
        options.ret = value.upper()
    elif letter == "V":
        if not _XTEXT.fullmatch(value):
            raise ValueError(f"-V {value}: write up to 100 printable characters without + and =")
        options.envid = value

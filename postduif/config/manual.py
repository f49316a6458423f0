"""The manual's page about configuration, made from the schema: `python -m postduif.config.manual`.

A test compares the page in docs/ with what is made here, so no setting goes undocumented.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from postduif.config.describe import Heading, Setting, headings

EXAMPLE = Path(__file__).with_name("example.toml")

MINIMAL = """\
[server]
hostname = "mta.example.com"

[[listener]]
address = "127.0.0.1:2525"
trusted = ["127.0.0.0/8"]
"""

_INTRODUCTION = """\
# Configuration

*This page is made by `make docs` from `postduif/config/`; change the descriptions there.*

Postduif reads one TOML file, `/etc/postduif/postduif.toml` unless `--config` or the environment variable
`POSTDUIF_CONFIG` names another. Everything has a default except what names your hosts, domains and keys.
A setting that does not exist is an error, and so is one in the wrong section: nothing is ignored.

    postduif check          is everything right? (keys, certificates, directories, ports)
    postduif check --dns    the same, and do our name and our DKIM keys stand in DNS?
    postduif check --show   what holds in the end, and which line of the file says so

Every message names the file, the line, the setting, the problem and the remedy:

    postduif.toml:12: listener[0].adress: no such setting; did you mean "address"?

`systemctl reload postduif` (SIGHUP) reads the file again. A file with an error is refused as a whole, and what held
before still holds.

## How values are written

| kind | written | means |
| --- | --- | --- |
| size | `"512K"`, `"25M"`, `"2G"`, `"1T"`, or a plain number | octets; K is 1024, M is 1024 K and so on |
| time | `"500ms"`, `"30s"`, `"5m"`, `"1h30m"`, `"4d"`, `"2w"`, or a plain number | seconds |
| rate | `"100/s"`, `"100/m"`, `"1000/10m"`, `"50000/d"` | so many in so much time; `""` is no limit |
| retry schedule | `"1m, 5m*2, 15m, 4h"` | waits, one after the other; `5m*2` is 5m twice; the last repeats |
| IP address with a port | `"127.0.0.1:2525"`, `"[::1]:2525"` | IPv6 addresses stand in brackets |
| network | `"192.0.2.0/24"`, `"2001:db8::/32"`, `"127.0.0.1"` | a block of addresses, or one |
| path | `"/etc/postduif/name.pem"` | a whole path, from `/` |
| list | `["one", "two"]` | in square brackets, also for one |
| true or false | `true`, `false` | without quotes |

Text, sizes with a unit, times with a unit and rates stand in quotes. A section in single brackets, `[queue]`, stands at
most once; one in double brackets, `[[listener]]`, once for each listener, in any number.

Files with private keys must not be open to group or others (`chmod 600`). One that does not exist under its path is
looked for by its file name in systemd's credentials directory, so `LoadCredential=` needs no other configuration.
"""


def manual() -> str:
    """The whole page."""
    parts = [
        _INTRODUCTION,
        "## The smallest file\n\nPrograms on this host may send mail to anywhere:",
        f"```toml\n{MINIMAL}```\n",
        "## A full example",
        f"```toml\n{EXAMPLE.read_text('utf-8')}```\n",
        *(_section(heading) for heading in headings().values()),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _section(heading: Heading) -> str:
    return "\n".join([f"## {heading}\n", inspect.getdoc(heading.model) or "", "", *_table(heading), ""])


def _table(heading: Heading) -> Iterator[str]:
    yield "| setting | default | meaning |"
    yield "| --- | --- | --- |"
    for setting in heading.settings.values():
        yield f"| `{setting.name}` | {_default(setting)} | {_meaning(setting)} |"


def _default(setting: Setting) -> str:
    text = setting.default
    return text if text in ("required", "not set", "see there") else f"`{text}`"


def _meaning(setting: Setting) -> str:
    words = (setting.field.description or "").rstrip()
    if setting.choices:
        words += f" One of {', '.join(f'`{choice}`' for choice in setting.choices)}."
    elif setting.range:
        words += f" Range: {setting.range}."
    kind = f"a list; each is {setting.kind.noun}" if setting.listed else "" if setting.choices else setting.kind.noun
    return f"{words} *({kind[0].upper()}{kind[1:]}.)*".replace("|", "\\|") if kind else words.replace("|", "\\|")


if __name__ == "__main__":
    print(manual(), end="")

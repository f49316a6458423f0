"""Formats of bounces that follow no RFC, declared: one file for each family. The order is the order of trust."""

from __future__ import annotations

from postduif.bounce.formats import gateways, japan, office, others, unix, webmail
from postduif.bounce.formats.declaration import Format

FORMATS: tuple[Format, ...] = (
    *japan.FORMATS,
    *gateways.FORMATS,
    *webmail.FORMATS,
    *office.FORMATS,
    *unix.FORMATS,
    *others.FORMATS,
)
"""The first whose sign is seen reads the mail."""

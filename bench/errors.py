"""What stops a bench."""

from __future__ import annotations


class BenchError(Exception):
    """Something that was to be measured did not work; the text is for the person who ran the bench."""

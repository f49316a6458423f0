"""The HTTP door: docs/injection.md."""

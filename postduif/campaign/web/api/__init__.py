"""The REST API, below /api/v1: what the pages do, for programs. docs/api.md is made of it."""

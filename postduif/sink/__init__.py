"""A test MX: takes mail at line speed, verifies it, and misbehaves when asked."""

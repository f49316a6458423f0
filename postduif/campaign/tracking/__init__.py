"""Tracking: who opened and clicked what, what people asked for on the public pages, and what follows from it."""

"""Mailings: from people to a message for each, and what became of it."""

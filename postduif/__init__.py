"""Postduif: a self-hosted mail transfer agent with a campaign front-end."""

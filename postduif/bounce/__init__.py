"""Bounces: delivery status notifications, written and read."""

"""The durable queue: what survives a power cut."""

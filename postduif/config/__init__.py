"""Settings: one TOML file, read once into typed, frozen values."""

"""The control rules, each a few lines; `catalogue` has them all."""

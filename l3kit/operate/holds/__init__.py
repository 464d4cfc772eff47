"""Holds of a twin or of devices: set, lifted and told. docs/erase.md."""

"""Holds of a twin or of devices: set, lifted and told. docs/how-to/erase.md."""

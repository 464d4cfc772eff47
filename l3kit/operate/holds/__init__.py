"""Holds of a twin or of devices: set, lifted and listed. docs/how-to/erase.md."""

"""The end of a device's data: planned, erased in all tiers, recorded. docs/how-to/erase.md."""

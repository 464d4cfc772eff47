"""Pauses of movers."""

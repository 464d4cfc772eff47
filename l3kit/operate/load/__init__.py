"""Readings from files into the hot tier: reading rows, mapping them to items, writing, and what is kept beside."""

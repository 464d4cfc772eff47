"""Fault injection between a function and its clouds: armed by tests and the crash lab, carried out by the gateway."""

"""Faults between a function and its clouds: arranged from outside, carried out by the gateway.

Only tests and the crash lab arrange any.
"""

"""Analyses with the model: scenarios, sweeps, rankings, choices, metered and predicted cost.

Numbers only: tables, plots and pages are in `report`.
"""

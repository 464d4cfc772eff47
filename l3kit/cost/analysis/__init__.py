"""Questions asked of the model: scenarios, sweeps, rankings, choices, what was metered beside what was predicted.

Numbers only: tables, plots and pages are in `report`.
"""

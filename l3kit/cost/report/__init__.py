"""The cost report and the cost commands: findings, tables, plots, HTML and PDF.

No formula of its own.
"""

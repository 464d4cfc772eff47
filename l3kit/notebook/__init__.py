"""What people see and set: parameters, results, tables, gaps, progress, plots.

No cloud and no session: values come in as arguments.
"""

"""Input and output of notebooks: parameters, results, tables, gaps, progress, plots.

Nothing here uses a cloud or a session: values come in as arguments.
"""

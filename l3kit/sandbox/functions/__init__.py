"""Functions in the sandbox: deployed zips, each run in a process of its own.

What lives here: the process layer of all three clouds' functions; registry, builder, front and admin API of those of
Azure and Google Cloud (Lambda's Runtime API is in `sandbox.aws`). What must not: the work of a function.
"""

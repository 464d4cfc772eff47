"""Functions of Azure and Google Cloud in the sandbox: deployed zips, each run in a process of its own.

What lives here: their registry, builder, hosts and the admin API. What must not: what a function does.
"""

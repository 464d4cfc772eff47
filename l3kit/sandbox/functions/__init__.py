"""Functions in the sandbox: deployed zips, each run in a process of its own.

What lives here: the process layer of every cloud's functions; registry, builder, front and admin API of those that
are deployed as a zip of sources. What must not: the rules of one cloud, which its folder gives as a `Platform`; the
work of a function.
"""

"""`make demo`: runs the notebooks against the sandbox, renders them as pages, and reports results and location.

In its second act the same notebooks run on a twin whose tiers are on three clouds.
"""

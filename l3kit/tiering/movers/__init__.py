"""The two movers: which items and objects move, in which order, and what a run reports.

No HTTP and no cloud: destinations hide whether the next tier is on the same cloud.
"""

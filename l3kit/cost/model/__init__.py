"""The cost model: a workload's uses, priced, as a bill. Exact for one scenario, with arrays for thousands.

No comparison and no recommendation: these are in `analysis`.
"""

"""An operator's tasks on a deployed twin: run movers, query, count, explain, verify, end leases.

Provisioning is in `deploy`, prices are in `cost`.
"""

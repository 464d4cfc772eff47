"""The control plane on AWS: one module per kind of resource, and the selection for a twin.

Never packed into functions. Plan, apply and destroy are in `l3kit.deploy`.
"""

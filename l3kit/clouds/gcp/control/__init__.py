"""The control plane on Google Cloud: one module per kind of resource, and which of them a twin needs.

Never packed into functions. Plan, apply and destroy are in `l3kit.deploy`.
"""

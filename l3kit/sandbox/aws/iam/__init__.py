"""Permissions in the sandbox, evaluated as by IAM.

`documents` and `conditions` parse policies and `evaluation` decides; they contain no I/O. `directory` caches the
account's roles and users from moto, `callers` identifies the caller of a request, and `calls` lists the permissions
that a request needs. `enforcement` applies them to every request before it reaches an emulator.

Source of the rules: IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements" and "IAM JSON policy
elements: Condition operators"; Service Authorization Reference for actions, resources and condition keys.
"""

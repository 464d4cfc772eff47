"""Permissions in the sandbox, judged as IAM judges them.

`documents` and `conditions` read policies, `evaluation` decides, all pure. `directory` knows the account's roles and
users (moto holds them), `callers` who signs a request, `calls` what a request asks for. `enforcement` puts them
together in front of the emulators.

Source of the rules: IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements" and "IAM JSON policy
elements: Condition operators"; Service Authorization Reference for actions, resources and condition keys.
"""

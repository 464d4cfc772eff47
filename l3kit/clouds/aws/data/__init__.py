"""The data plane on AWS: store adapters and function entry points, packaged into function zips.

Imports nothing from the control plane, from a twin's files or from sessions.
"""

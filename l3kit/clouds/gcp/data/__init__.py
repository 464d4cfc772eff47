"""The data plane on Google Cloud: store adapters and function entry points, packaged into function zips.

Imports nothing from the control plane, from a twin's files or from sessions.
"""

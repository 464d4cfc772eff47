"""The data plane on Google Cloud: stores behind the ports, and the entry points of functions. This is what zips carry.

Nothing of the control plane, of a twin's files or of sessions is imported here.
"""

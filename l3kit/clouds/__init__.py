"""One folder per cloud: its stores, function entry adapter and provisioning.

A fourth cloud is one more folder that passes the conformance tests; nothing here may import another cloud.
"""

"""The clouds: `ports` declares their interface, `shared` has code for several, and each has a folder of the same form.

A further cloud is one more folder that passes the conformance suite; none imports another.
"""

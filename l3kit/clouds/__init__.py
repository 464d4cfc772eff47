"""The clouds: `ports` says what each must offer, `shared` is written once, and each has a folder of the same form.

A further cloud is one more folder that passes the conformance suite; none imports another.
"""

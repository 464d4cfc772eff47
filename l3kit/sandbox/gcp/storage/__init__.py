"""Cloud Storage's JSON API on loopback, for the calls that l3kit makes with google-cloud-storage.

Available emulators accept requests that the real service refuses, concerning generation preconditions, page sizes,
offsets and changes of storage class. A mover's safety depends on these, so this server implements them exactly
(tests/integration/sandbox/gcp/storage). `GcsServer` is in server.py.

Unsupported features are answered with 501 or 404: object versions, changes of an object's metadata, conditions on
anything but the generation, compositions, listings with a delimiter, listings of buckets, holds and retention, access
control lists, customer-supplied keys, notifications and batches.
"""

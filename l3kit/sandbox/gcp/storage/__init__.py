"""Cloud Storage's JSON API on loopback, for exactly the calls that l3kit makes with google-cloud-storage.

Emulators to be had answer "done" where the real service refuses: generation preconditions, page sizes, offsets and
changes of storage class. A mover's safety stands on these, so they are kept here to the letter
(tests/integration/sandbox/gcp/storage). `GcsServer` is in server.py.

Not there, and answered 501 or 404 instead of being passed over: object versions, changes of an object's metadata,
conditions on anything but the generation, compositions, folded listings, listings of buckets, holds and retention,
access control lists, keys of one's own, notifications, batches.
"""

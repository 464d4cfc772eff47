"""Google Cloud: Firestore, Cloud Storage, Cloud Run functions, Cloud Scheduler.

`data` is what zips carry, `control` makes resources; `cloud.py` is what the rest of l3kit sees.
"""

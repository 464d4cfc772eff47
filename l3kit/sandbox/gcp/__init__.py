"""Google Cloud on loopback: servers of Firestore and Cloud Storage, and the host of a Cloud Run function.

Nothing of the other clouds.
"""

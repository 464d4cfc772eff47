"""Google Cloud on loopback: servers for Firestore and Cloud Storage, and the host process of a Cloud Run function."""

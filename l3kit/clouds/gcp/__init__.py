"""Google Cloud behind the ports: Firestore and Cloud Storage, over Google's own clients.

One module, one idea; nothing here imports another cloud's folder.
"""

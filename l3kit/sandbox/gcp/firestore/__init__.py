"""The sandbox's own Firestore server. Importing this package imports gRPC, so import it only to start the server."""

from __future__ import annotations

from l3kit.sandbox.gcp.firestore.intercept import CallInfo, Intercept
from l3kit.sandbox.gcp.firestore.refusal import CallRefusedError
from l3kit.sandbox.gcp.firestore.server import FirestoreServer

__all__ = ["CallInfo", "CallRefusedError", "FirestoreServer", "Intercept"]

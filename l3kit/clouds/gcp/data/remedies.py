"""Remedies shared by the stores on Google Cloud; a separate module, because Firestore's opener loads no library."""

from __future__ import annotations

FUNCTION_DENIED = "The service account lacks this permission: run deploy_l3, which repairs it"

"""Tags of the chunk format (docs/chunks.md) for types that only one cloud has; the others keep them as tags."""

from __future__ import annotations

FIRESTORE_TAGS = frozenset(("$timestamp", "$geoPoint", "$reference"))
"""Tags for Firestore's types; DynamoDB and Cosmos DB store and return them unchanged."""

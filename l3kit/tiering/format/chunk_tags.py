"""Tags of the chunk format (docs/chunks.md) that only one cloud has a type for; the others hand them on as they are."""

from __future__ import annotations

FIRESTORE_TAGS = frozenset(("$timestamp", "$geoPoint", "$reference"))
"""Written for values of Firestore; DynamoDB and Cosmos DB keep them so that they come back as the same tag."""

"""Wire messages of google.firestore.v1 as plain protobuf classes, for speed with pages of thousands of documents."""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.types import write
from google.protobuf.timestamp_pb2 import Timestamp

BatchGetDocumentsRequest: Any = types.BatchGetDocumentsRequest.pb()
BatchGetDocumentsResponse: Any = types.BatchGetDocumentsResponse.pb()
BatchWriteRequest: Any = types.BatchWriteRequest.pb()
BatchWriteResponse: Any = types.BatchWriteResponse.pb()
CommitRequest: Any = types.CommitRequest.pb()
CommitResponse: Any = types.CommitResponse.pb()
Document: Any = types.Document.pb()
GetDocumentRequest: Any = types.GetDocumentRequest.pb()
ListDocumentsRequest: Any = types.ListDocumentsRequest.pb()
ListDocumentsResponse: Any = types.ListDocumentsResponse.pb()
RunQueryRequest: Any = types.RunQueryRequest.pb()
RunQueryResponse: Any = types.RunQueryResponse.pb()
WriteResult: Any = write.WriteResult.pb()


def timestamp(microseconds: int) -> Timestamp:
    """Convert microseconds since 1970 to a timestamp message."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def microseconds(stamp: Timestamp) -> int:
    """Convert a timestamp message to microseconds since 1970; nanoseconds are truncated."""
    return int(stamp.seconds) * 1_000_000 + int(stamp.nanos) // 1000

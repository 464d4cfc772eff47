"""The wire messages of google.firestore.v1, as plain protobuf classes: a page of thousands passes through here."""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.types import aggregation_result, write
from google.protobuf.timestamp_pb2 import Timestamp

AggregationResult: Any = aggregation_result.AggregationResult.pb()
BatchGetDocumentsRequest: Any = types.BatchGetDocumentsRequest.pb()
BatchGetDocumentsResponse: Any = types.BatchGetDocumentsResponse.pb()
BatchWriteRequest: Any = types.BatchWriteRequest.pb()
BatchWriteResponse: Any = types.BatchWriteResponse.pb()
BeginTransactionRequest: Any = types.BeginTransactionRequest.pb()
BeginTransactionResponse: Any = types.BeginTransactionResponse.pb()
CommitRequest: Any = types.CommitRequest.pb()
CommitResponse: Any = types.CommitResponse.pb()
CreateDocumentRequest: Any = types.CreateDocumentRequest.pb()
DeleteDocumentRequest: Any = types.DeleteDocumentRequest.pb()
Document: Any = types.Document.pb()
GetDocumentRequest: Any = types.GetDocumentRequest.pb()
ListCollectionIdsRequest: Any = types.ListCollectionIdsRequest.pb()
ListCollectionIdsResponse: Any = types.ListCollectionIdsResponse.pb()
ListDocumentsRequest: Any = types.ListDocumentsRequest.pb()
ListDocumentsResponse: Any = types.ListDocumentsResponse.pb()
RollbackRequest: Any = types.RollbackRequest.pb()
RunAggregationQueryRequest: Any = types.RunAggregationQueryRequest.pb()
RunAggregationQueryResponse: Any = types.RunAggregationQueryResponse.pb()
RunQueryRequest: Any = types.RunQueryRequest.pb()
RunQueryResponse: Any = types.RunQueryResponse.pb()
StructuredQuery: Any = types.StructuredQuery.pb()
UpdateDocumentRequest: Any = types.UpdateDocumentRequest.pb()
Value: Any = types.Value.pb()
Write: Any = types.Write.pb()
WriteResult: Any = write.WriteResult.pb()


def timestamp(microseconds: int) -> Timestamp:
    """Microseconds since 1970 as a message."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def microseconds(stamp: Timestamp) -> int:
    """The inverse; nanoseconds beyond are cut off."""
    return int(stamp.seconds) * 1_000_000 + int(stamp.nanos) // 1000

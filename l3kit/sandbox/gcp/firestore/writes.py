"""A write of one document: check the precondition, then replace or delete the whole document."""

from __future__ import annotations

from typing import Any

import grpc

from l3kit.sandbox.gcp.firestore import names, values
from l3kit.sandbox.gcp.firestore.documents import Stored
from l3kit.sandbox.gcp.firestore.messages import Document, WriteResult, microseconds, timestamp
from l3kit.sandbox.gcp.firestore.refusal import CallRefusedError, invalid, unimplemented


def target(write: Any) -> str:
    """The name of the written document. Raises: CallRefusedError if it is invalid."""
    kind = write.WhichOneof("operation")
    if kind == "update":
        name = write.update.name
    elif kind == "delete":
        name = write.delete
    elif kind == "transform":
        raise unimplemented("transforms")
    else:
        raise invalid("a write has no operation")
    names.check_document(name)
    return str(name)


def apply(write: Any, current: Stored | None, at: int) -> tuple[Stored | None, Any]:
    """Apply a write. `at`: commit time in microseconds since 1970.

    A write that changes nothing keeps the document's update time.
    Returns: the document after the write, and its WriteResult.
    Raises: CallRefusedError if a precondition fails or the document is invalid.
    """
    name = target(write)
    if write.HasField("current_document"):
        check_precondition(name, write.current_document, current)
    if write.WhichOneof("operation") == "delete":
        return None, WriteResult()
    if write.update_transforms:
        raise unimplemented("transforms")
    if write.HasField("update_mask"):
        raise unimplemented("updates of single fields")
    new = Document(name=name, fields=write.update.fields)
    values.check_fields(new.fields)
    values.check_size(name, new.fields)
    if current is not None and _same_fields(current.document, new):
        stored = current
    else:
        new.create_time.CopyFrom(timestamp(at) if current is None else current.document.create_time)
        new.update_time.CopyFrom(timestamp(at))
        stored = Stored(new, at)
    return stored, WriteResult(update_time=stored.document.update_time)


def check_precondition(name: str, wanted: Any, current: Stored | None) -> None:
    """Check a write's precondition against the stored document. Raises: CallRefusedError if it fails."""
    kind = wanted.WhichOneof("condition_type")
    if kind == "exists" and wanted.exists and current is None:
        raise CallRefusedError(grpc.StatusCode.NOT_FOUND, f"No document to update: {name}")
    if kind == "exists" and not wanted.exists and current is not None:
        raise CallRefusedError(grpc.StatusCode.ALREADY_EXISTS, f"Document already exists: {name}")
    if kind == "update_time":
        if wanted.update_time.nanos % 1000:
            raise invalid("the precondition's update_time is finer than microseconds")
        base = microseconds(wanted.update_time)
        version = 0 if current is None else current.version
        if version != base:
            raise CallRefusedError(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"the stored version ({version}) does not match the required base version ({base})",
            )


def _same_fields(one: Any, other: Any) -> bool:
    """Compare serialized fields, so that 3 and 3.0 differ while NaN equals NaN."""
    bare, bare_other = Document(fields=one.fields), Document(fields=other.fields)
    return bool(bare.SerializeToString(deterministic=True) == bare_other.SerializeToString(deterministic=True))

"""Field paths: reading, writing and projecting parts of a document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.cloud.firestore_v1.field_path import parse_field_path

from l3kit.sandbox.gcp.firestore import values
from l3kit.sandbox.gcp.firestore.messages import Document
from l3kit.sandbox.gcp.firestore.refusal import invalid

NAME = "__name__"

Path = tuple[str, ...]


def parse(text: str) -> Path:
    """The segments of a dotted path with backquoted parts. Raises: CallRefusedError."""
    try:
        path = tuple(parse_field_path(text))
    except ValueError:
        path = ()
    if not path:
        raise invalid(f"{text!r} is not a field path")
    return path


def parse_writable(text: str) -> Path:
    """The same for a path that is written to. Raises: CallRefusedError for a reserved name."""
    path = parse(text)
    for name in path:
        values.check_field_name(name)
    return path


def get(fields: Any, path: Path) -> Any | None:
    """The value there, or None."""
    *parents, last = path
    for name in parents:
        if name not in fields or not fields[name].HasField("map_value"):
            return None
        fields = fields[name].map_value.fields
    return fields.get(last)


def put(fields: Any, path: Path, value: Any) -> None:
    """Set the value there; what lies on the way and is no map becomes one."""
    *parents, last = path
    for name in parents:
        held = fields[name]
        if not held.HasField("map_value"):
            held.Clear()
            held.map_value.SetInParent()
        fields = held.map_value.fields
    fields[last].CopyFrom(value)


def remove(fields: Any, path: Path) -> None:
    """Take the value away, if there is one."""
    *parents, last = path
    for name in parents:
        if name not in fields or not fields[name].HasField("map_value"):
            return
        fields = fields[name].map_value.fields
    if last in fields:
        del fields[last]


def project(document: Any, paths: Iterable[Path]) -> Any:
    """The document with only these fields; its name and times stay."""
    part = Document(name=document.name, create_time=document.create_time, update_time=document.update_time)
    for path in paths:
        if path == (NAME,):
            continue
        value = get(document.fields, path)
        if value is not None:
            put(part.fields, path, value)
    return part


def masked(document: Any, request: Any) -> Any:
    """The document as the request's `mask` wants it."""
    if not request.HasField("mask"):
        return document
    return project(document, [parse(path) for path in request.mask.field_paths])

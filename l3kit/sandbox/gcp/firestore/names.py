"""Resource names: `projects/{project}/databases/{database}/documents/{collection}/{document}/...`."""

from __future__ import annotations

import re
from typing import Any

from l3kit.sandbox.gcp.firestore.refusal import invalid

MAX_ID_BYTES = 1500
MAX_NAME_BYTES = 6 * 1024
MAX_DEPTH = 100
_ROOT_SEGMENTS = 5
_ROOT = re.compile(r"projects/[^/]+/databases/[^/]+/documents")
_DATABASE = re.compile(r"projects/[^/]+/databases/[^/]+(?=/|$)")
_RESERVED = re.compile(r"__.*__", re.DOTALL)


def split(name: str) -> tuple[str, str]:
    """Split a document's or collection's name into its parent and its own id."""
    parent, _, last = name.rpartition("/")
    return parent, last


def below_documents(name: str) -> str:
    """The part of a name below `documents/`, for display."""
    return "/".join(name.split("/")[_ROOT_SEGMENTS:])


def database_of(request: Any) -> str:
    """The full name of a request's database. Raises: CallRefusedError if it names none."""
    held = {field.name for field in request.DESCRIPTOR.fields}
    name = str(getattr(request, next(one for one in ("database", "parent", "name") if one in held)))
    found = _DATABASE.match(name)
    if found is None:
        raise invalid(f"{name!r} is not a resource name below a database's documents")
    return found.group()


def check_document(name: str) -> None:
    """Validate a document name. Raises: CallRefusedError."""
    ids = _ids(name)
    if not ids or len(ids) % 2:
        raise invalid(f"{name!r} is not the name of a document")
    if len(ids) > 2 * MAX_DEPTH or len(name.encode()) > MAX_NAME_BYTES:
        raise invalid("the document's name is too deep or too long")
    for one in ids:
        check_id(one)


def check_parent(name: str) -> None:
    """Validate a parent: the database's root or a document name. Raises: CallRefusedError."""
    if _ids(name):
        check_document(name)


def check_id(one: str) -> None:
    """Validate the id of a document or collection. Raises: CallRefusedError."""
    if not one or "/" in one:
        raise invalid(f"the id {one!r} is empty or contains a slash")
    if one in (".", ".."):
        raise invalid(f"the id {one!r} is not allowed")
    if _RESERVED.fullmatch(one):
        raise invalid(f"the id {one!r} is reserved")
    if len(one.encode()) > MAX_ID_BYTES:
        raise invalid(f"an id is longer than {MAX_ID_BYTES} bytes")


def _ids(name: str) -> list[str]:
    root = _ROOT.match(name)
    if root is None:
        raise invalid(f"{name!r} is not a resource name below a database's documents")
    rest = name[root.end() :]
    if not rest:
        return []
    if not rest.startswith("/"):
        raise invalid(f"{name!r} is not a resource name below a database's documents")
    return rest[1:].split("/")

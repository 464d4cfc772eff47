"""Resource names: `projects/{project}/databases/{database}/documents/{collection}/{document}/...`."""

from __future__ import annotations

import re

from l3kit.sandbox.gcp.firestore.refusal import invalid

MAX_ID_BYTES = 1500
MAX_NAME_BYTES = 6 * 1024
MAX_DEPTH = 100
_ROOT_SEGMENTS = 5
_ROOT = re.compile(r"projects/[^/]+/databases/[^/]+/documents")
_RESERVED = re.compile(r"__.*__", re.DOTALL)


def split(name: str) -> tuple[str, str]:
    """A document's or collection's name as (what holds it, its own id)."""
    parent, _, last = name.rpartition("/")
    return parent, last


def below_documents(name: str) -> str:
    """The part of a name that a person looks at."""
    return "/".join(name.split("/")[_ROOT_SEGMENTS:])


def check_document(name: str) -> None:
    """Raises: CallRefusedError unless this can be the name of a document."""
    ids = _ids(name)
    if not ids or len(ids) % 2:
        raise invalid(f"{name!r} is not the name of a document")
    if len(ids) > 2 * MAX_DEPTH or len(name.encode()) > MAX_NAME_BYTES:
        raise invalid("the document's name is too deep or too long")
    for one in ids:
        check_id(one)


def check_parent(name: str) -> None:
    """Raises: CallRefusedError unless this is the database's root or the name of a document."""
    if _ids(name):
        check_document(name)


def check_id(one: str) -> None:
    """Raises: CallRefusedError for what can be no id of a document or a collection."""
    if not one or "/" in one:
        raise invalid(f"the id {one!r} is empty or has a slash")
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

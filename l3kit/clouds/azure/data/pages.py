"""Conversion of a query response to a page: bounds, etags of the items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from l3kit.clouds.azure.data.items import Document, to_chunk_json
from l3kit.errors import ItemRefusedError
from l3kit.tiering.format.item_json import SORT_KEY
from l3kit.tiering.hot_pages import PAGE_BYTES


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of sort keys, compared by the service as document ids."""

    before: str
    after: str | None = None
    since: str | None = None

    def condition(self) -> tuple[str, list[tuple[str, str]]]:
        """The SQL condition on `c.id` and its parameters."""
        terms = [("<", "@before", self.before)]
        if self.after is not None:
            terms.append((">", "@after", self.after))
        if self.since is not None:
            terms.append((">=", "@since", self.since))
        text = " AND ".join(f"c.id {operator} {name}" for operator, name, _ in terms)
        return text, [(name, value) for _, name, value in terms]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page. `size`: bytes of the items; `cut`: the response was truncated; `last`: the last key, refused or not.

    `etags[i]` belongs to `sort_keys[i]`.
    """

    sort_keys: list[str]
    items: list[bytes]
    etags: list[str]
    refused: tuple[tuple[str, str], ...]
    last: str | None
    size: int
    cut: bool


def decode(documents: Sequence[Document]) -> Decoded:
    """Decode documents up to 1 MiB, at least one. One that cannot be written as JSON does not affect the others."""
    sort_keys: list[str] = []
    items: list[bytes] = []
    etags: list[str] = []
    refused: list[tuple[str, str]] = []
    last: str | None = None
    size = 0
    cut = False
    for document in documents:
        sort_key: str = document[SORT_KEY]
        etag: str = document["_etag"]
        try:
            item = to_chunk_json(document)
        except ItemRefusedError as error:
            last = sort_key
            refused.append((sort_key.encode(errors="backslashreplace").decode(), error.cause))
            continue
        if last is not None and size + len(item) > PAGE_BYTES:
            cut = True
            break
        last = sort_key
        size += len(item)
        sort_keys.append(sort_key)
        items.append(item)
        etags.append(etag)
    return Decoded(sort_keys, items, etags, tuple(refused), last, size, cut)

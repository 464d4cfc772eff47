"""A Query's answer as a page of chunk JSON: by shape where the items have one, item by item otherwise."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from l3kit.clouds.aws import odd_text
from l3kit.clouds.aws.items import SORT_KEY, to_chunk_json
from l3kit.clouds.aws.shapes import Shapes
from l3kit.errors import ItemRefusedError


@dataclass(frozen=True, slots=True)
class Decoded:
    """`rest` is the answer without its items."""

    rest: dict[str, Any]
    sort_keys: list[str]
    items: list[bytes]
    refused: tuple[tuple[str, str], ...] = ()


def decode(answer: bytes, shapes: Shapes) -> Decoded:
    """Decode a Query's answer. One item that cannot be written as JSON does not spoil the others."""
    with _no_collector():
        by_shape = shapes.read(answer)
        if by_shape is not None:
            return Decoded(*by_shape)
        return _plain(answer)


def _plain(answer: bytes) -> Decoded:
    rest: dict[str, Any] = odd_text.loads(answer)
    sort_keys: list[str] = []
    items: list[bytes] = []
    refused: list[tuple[str, str]] = []
    for item in rest.pop("Items", []):
        sort_key: str = item[SORT_KEY]["S"]
        try:
            items.append(to_chunk_json(item))
            sort_keys.append(sort_key)
        except ItemRefusedError as error:
            refused.append((odd_text.printable(sort_key), odd_text.printable(error.cause)))
    return Decoded(rest, sort_keys, items, tuple(refused))


@contextmanager
def _no_collector() -> Iterator[None]:
    """Parsing makes a hundred thousand objects and no cycles; looking for some meanwhile costs a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

"""Conversion of a Query response to a page of chunk JSON: by item shape if possible, otherwise item by item."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.items import to_chunk_json
from l3kit.clouds.aws.data.shapes import Decoded, Shapes
from l3kit.clouds.aws.data.statements import Conditions, parameters
from l3kit.clouds.aws.data.untouched import fingerprints
from l3kit.errors import ItemRefusedError
from l3kit.tiering.format.item_json import SORT_KEY


def decode(answer: bytes, shapes: Shapes) -> Decoded:
    """Decode a Query response. An item that cannot be written as JSON is refused without affecting the others."""
    with no_collector():
        return shapes.read(answer) or _plain(answer, shapes.conditions)


def _plain(answer: bytes, conditions: Conditions) -> Decoded:
    rest: dict[str, Any] = odd_text.loads(answer)
    decoded = Decoded(rest, [], [], [], [], {}, fingerprints())
    refused: list[tuple[str, str]] = []
    for item in rest.pop("Items", []):
        sort_key: str = item[SORT_KEY]["S"]
        try:
            chunk_json = to_chunk_json(item)
        except ItemRefusedError as error:
            refused.append((odd_text.printable(sort_key), odd_text.printable(error.cause)))
            continue
        condition = conditions.of(item)
        decoded.sort_keys.append(sort_key)
        decoded.items.append(chunk_json)
        decoded.conditions.append(condition)
        decoded.parameters.append(parameters(condition, item))
        if not condition.whole:
            decoded.partly[sort_key] = chunk_json
    return decoded._replace(refused=tuple(refused))


@contextmanager
def no_collector() -> Iterator[None]:
    """Suspend garbage collection: parsing creates 100,000 objects and no cycles, and collections cost 10 % of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

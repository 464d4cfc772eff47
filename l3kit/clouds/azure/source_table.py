"""Foreign Cosmos DB containers whose documents `load` copies, with reads of properties and queries alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from l3kit.clouds.azure.data.cosmos import CosmosContainer
from l3kit.clouds.azure.data.items import to_chunk_json
from l3kit.clouds.ports.source_table import WHOLE, SourceFacts, SourceItem, SourcePage
from l3kit.errors import ConfigurationError, ItemRefusedError
from l3kit.tiering.format.item_json import SORT_KEY

REASON = "whole, page by page, since Cosmos DB lists the devices of a container only by a full read"
CHECK_NAME = "Check the name (CONTAINER in the twin's database, or DATABASE/CONTAINER) and the account"
NOT_FOUND = 404


class CosmosSource:
    """`SourceTable` on one container. `own`: what it is if it is the twin's."""

    def __init__(self, container: CosmosContainer, own: str) -> None:
        self._container = container
        self._own = own
        self.usage = container.usage

    async def facts(self) -> SourceFacts:
        """The partition key and, where the account reports it, the number of documents."""
        resource = self._container.resource
        if self._own:
            raise ConfigurationError(resource, f"is the twin's own {self._own}", "Name the container to copy from")

        async def look(container: Any, options: dict[str, Any]) -> Any:
            return await container.read(populate_quota_info=True, **options)

        reply = await self._container.call("describe", "read", look, expected=frozenset({NOT_FOUND}))
        if reply.status:
            raise ConfigurationError(resource, "is not there", CHECK_NAME)
        paths = [str(path).strip("/") for path in reply.result["partitionKey"]["paths"]]
        keys = tuple(dict.fromkeys((*paths, SORT_KEY)))
        usage = dict(
            part.split("=", 1) for part in reply.headers.get("x-ms-resource-usage", "").split(";") if "=" in part
        )
        count = int(usage.get("documentsCount", 0))
        capacity = "what reading takes is not known beforehand; throttling is waited for"
        return SourceFacts(resource, str(reply.result["_rid"]), keys, count or None, capacity=capacity)

    def reading(self, facts: SourceFacts, device: str) -> CosmosReading:
        """One query over all partitions, whatever the device."""
        return CosmosReading(self._container, facts.keys)

    async def close(self) -> None:
        await self._container.close()


@dataclass(frozen=True, slots=True)
class CosmosReading:
    """`SourceReading` on one container; a place is the service's continuation token."""

    container: CosmosContainer
    keys: Sequence[str]
    reason: str = REASON
    by_device: bool = False
    parts: Sequence[str] = (WHOLE,)

    async def read(self, part: str, after: str | None, most: int) -> SourcePage:
        """A page has at most 4 MB, the service's limit, since a token continues only after a whole page."""

        async def send(container: Any, options: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
            pages = container.query_items("SELECT * FROM c", max_item_count=most, **options).by_page(after)
            async for page in pages:
                return [document async for document in page], pages.continuation_token
            return [], None

        reply = await self.container.call("query", "read", send)
        documents, place = reply.result
        units = float(reply.headers.get("x-ms-request-charge") or 0)
        return SourcePage([self._item(document) for document in documents], place, units)

    def _item(self, document: dict[str, Any]) -> SourceItem:
        found = {name: _value(document, name) for name in self.keys}
        try:
            key = orjson.dumps(found, default=str).decode()
        except TypeError:  # an integer of more than 64 bits, or a lone surrogate, which this escapes
            key = json.dumps(found, default=str)
        try:
            return SourceItem(key, to_chunk_json(dict(document)))
        except ItemRefusedError as error:
            return SourceItem(key, repr(document).encode("utf-8", "backslashreplace"), error.cause)


def _value(document: Mapping[str, Any], path: str) -> Any:
    found: Any = document
    for name in path.split("/"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found

"""Preconditions on generation, metageneration and ETag, decided against what is live at this moment. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from l3kit.sandbox.gcp.storage.answers import Refusal
from l3kit.sandbox.gcp.storage.calls import Call

FAILED = "At least one of the pre-conditions you specified did not hold."


class Versioned(Protocol):
    """What a condition looks at, of a bucket or an object."""

    @property
    def generation(self) -> int: ...
    @property
    def metageneration(self) -> int: ...
    @property
    def etag(self) -> str: ...


@dataclass(frozen=True)
class Conditions:
    """What a request demands of the live version before anything is done. None: not demanded."""

    generation: int | None = None
    not_generation: int | None = None
    metageneration: int | None = None
    not_metageneration: int | None = None
    etags: frozenset[str] = frozenset()
    not_etags: frozenset[str] = frozenset()

    @classmethod
    def of(cls, call: Call, side: str = "") -> Conditions:
        """The request's conditions; `side` is `Source` for those on what is copied."""

        def number(name: str) -> int | None:
            return call.number(f"if{side}{name}")

        not_metageneration = number("MetagenerationNotMatch")
        if not_metageneration is None:
            # The Python client's uploads spell it in this way.
            not_metageneration = number("MetaGenerationNotMatch")
        headers = call.request.headers
        return cls(
            number("GenerationMatch"),
            number("GenerationNotMatch"),
            number("MetagenerationMatch"),
            not_metageneration,
            frozenset() if side else _tags(headers.getall("If-Match", [])),
            frozenset() if side else _tags(headers.getall("If-None-Match", [])),
        )

    def check(self, live: Versioned | None) -> None:
        """Raises: Refusal with 412 where a demanded match is missing, 304 where an unwanted match is there."""
        if not all(self._matches(live)):
            location = ("header", "If-Match")
            raise Refusal(412, "conditionNotMet", FAILED, location=location)
        if not all(self._differs(live)):
            location = ("header", "If-None-Match")
            raise Refusal(304, "notModified", FAILED, location=location, headers={"ETag": live.etag} if live else {})

    def _matches(self, live: Versioned | None) -> Iterator[bool]:
        if self.generation is not None:
            yield self.generation == (live.generation if live else 0)
        if self.metageneration is not None:
            yield live is not None and self.metageneration == live.metageneration
        if self.etags:
            yield live is not None and ("*" in self.etags or live.etag in self.etags)

    def _differs(self, live: Versioned | None) -> Iterator[bool]:
        """Without a live version these fail too, but for an ETag."""
        if self.not_generation is not None:
            yield live is not None and self.not_generation != live.generation
        if self.not_metageneration is not None:
            yield live is not None and self.not_metageneration != live.metageneration
        if self.not_etags and live is not None:
            yield "*" not in self.not_etags and live.etag not in self.not_etags


def _tags(values: list[str]) -> frozenset[str]:
    tags = (tag.strip().removeprefix("W/").strip('"') for value in values for tag in value.split(","))
    return frozenset(tag for tag in tags if tag)

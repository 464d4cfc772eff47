"""The cloud under test: factories of its stores, and its declarations about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier


@dataclass(frozen=True)
class Backend:
    """A cloud's stores, made empty for one case.

    Attributes:
        name: name of the cloud, for messages.
        hot: makes an empty hot store.
        journal: makes an empty journal; each call of the returned function reopens it, as another process would.
        objects: makes an empty object store of a tier.
        classes: the storage class, as in `ObjectInfo`, of objects in each tier.
        own_class: the storage class of l3kit's own objects (below `_l3kit/`), which are readable at once.
        archived: the `restore_state` of an object that has just been archived: `readable` if the cloud's archive
            class is readable at once.
        versioned: makes an empty object store of a tier that keeps the versions of its objects; None if there is none.
        gaps: cases that the cloud cannot pass, by the name of the test, each with the reason. They must fail.
    """

    name: str
    hot: Callable[[], HotStore]
    journal: Callable[[], Callable[[], JournalStore]]
    objects: Callable[[Tier], ObjectStore]
    classes: Mapping[Tier, str]
    own_class: str
    archived: str = "archived"
    versioned: Callable[[Tier], ObjectStore] | None = None
    gaps: Mapping[str, str] = field(default_factory=dict)


class Suite:
    """Cases of one port. A subclass in a test module needs a fixture `backend`."""

    @pytest.fixture(autouse=True)
    def declared_gap(self, request: pytest.FixtureRequest, backend: Backend) -> None:
        """Expect a case to fail if the backend declares it a gap."""
        if reason := backend.gaps.get(request.node.originalname):
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))

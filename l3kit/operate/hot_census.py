"""Count the hot tier's contents: items, key forms, readings dated in the future, unlisted devices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from l3kit.errors import StoreError
from l3kit.notebook.gaps import Gap
from l3kit.tiering.counts import MAX_NAMED
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.format.item_times import MOVABLE_FORM, form_of, moment_or_none, shortest
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY, all_movable, order_of
from l3kit.tiering.hot_pages import hot_pages
from l3kit.tiering.ports import HotStore, Page

MINUTE_LENGTH = len("2026-05-31T08:30")
LOOK_BEHIND = 1000
"""Number of keys that a sample reads after the present."""


@dataclass(slots=True)
class Budget:
    """Remaining read budget; reading stops after the response that exhausts it.

    Attributes:
        bytes: size of the items' JSON; None is unlimited.
        requests: None is unlimited.
    """

    bytes: int | None = None
    requests: int | None = None

    @property
    def is_spent(self) -> bool:
        return any(left is not None and left <= 0 for left in (self.bytes, self.requests))

    def spend(self, size: int) -> None:
        """Count one request and the bytes it returned."""
        self.bytes = None if self.bytes is None else self.bytes - size
        self.requests = None if self.requests is None else self.requests - 1


@dataclass(slots=True)
class DeviceCensus:
    """One device in the hot tier.

    Attributes:
        items: number read, refused ones included.
        bytes: size of the items' JSON.
        first, last: the earliest and the latest key that is a time; empty if none is.
        forms: number of keys of each form (`item_times.form_of`).
        unmovable: the first keys that are not movable times, at most `MAX_NAMED`.
        ahead: number of keys in the future.
        refused: items that cannot be written as JSON; the first of them, with the reason.
        whole: whether everything was read; otherwise `read_to` is the last key read.
    """

    device_id: str
    items: int = 0
    bytes: int = 0
    first: str = ""
    last: str = ""
    forms: Counter[str] = field(default_factory=Counter)
    unmovable: list[str] = field(default_factory=list)
    ahead: int = 0
    refused: int = 0
    first_refused: tuple[str, str] = ("", "")
    whole: bool = True
    read_to: str = ""

    @property
    def never_moved(self) -> int:
        """Number of items whose key is not a movable time."""
        return self.forms.total() - self.forms[MOVABLE_FORM]

    def count(self, page: Page, now: int) -> None:
        """Count one page. `now` in nanoseconds since 1970."""
        self.bytes += sum(map(len, page.items))
        if page.refused:
            self.first_refused = self.first_refused if self.refused else page.refused[0]
            self.refused += len(page.refused)
        keys = sorted([*page.sort_keys, *(key for key, _ in page.refused)]) if page.refused else page.sort_keys
        self.items += len(keys)
        if not keys:
            return
        if all_movable(keys, now):
            self.forms[MOVABLE_FORM] += len(keys)
            outer = {
                keys[0][:MINUTE_LENGTH],
                keys[-1][:MINUTE_LENGTH],
            }
            self._reach([key for key in keys if key[:MINUTE_LENGTH] in outer])
            return
        for key in keys:
            self._count_one(key, now)

    def _count_one(self, key: str, now: int) -> None:
        form, moment = form_of(key), moment_or_none(key)
        self.forms[form] += 1
        if form != MOVABLE_FORM and len(self.unmovable) < MAX_NAMED:
            self.unmovable.append(key)
        if moment is not None:
            self.ahead += moment > now
            self._reach([key])

    def _reach(self, times: list[str]) -> None:
        self.first = min([*times, *filter(None, [self.first])], key=order_of)
        self.last = max([*times, *filter(None, [self.last])], key=order_of)


async def count_device(hot: HotStore, device_id: str, now: int, budget: Budget) -> DeviceCensus:
    """Read a device's items page by page and count them, until the budget is spent.

    Args:
        now: nanoseconds since 1970; later keys are in the future.
    Raises: StoreError.
    """
    census = DeviceCensus(device_id)
    if budget.is_spent:
        census.whole = False
        return census
    async for page in hot_pages(hot, device_id, before=MAX_SORT_KEY):
        census.count(page, now)
        budget.spend(sum(map(len, page.items)))
        if budget.is_spent and page.next_after is not None:
            census.whole, census.read_to = False, page.next_after
            break
    return census


async def sample_device(hot: HotStore, device_id: str, now: int, budget: Budget) -> DeviceCensus:
    """Count a device as `count_device` does; if the budget runs out, also sample the keys after the present.

    Keys that never move mostly sort there, or before all times, where counting begins.
    """
    census = await count_device(hot, device_id, now, budget)
    if not census.whole:
        since = max(shortest(now), f"{census.read_to}\x00")
        census.count(await hot.read_page(device_id, before=MAX_SORT_KEY, since=since, limit=LOOK_BEHIND), now)
    return census


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Devices in the hot tier that the twin's config does not list, sorted.

    Attributes:
        whole: whether the budget was sufficient.
        gap: why the tier could not be listed.
    """

    device_ids: tuple[str, ...] = ()
    whole: bool = True
    gap: Gap | None = None


async def unlisted_devices(hot: HotStore, listed: Collection[str], budget: Budget) -> Unlisted:
    """Find devices in the hot tier that the twin's config does not list, without the canary's.

    A failed request is a gap, not an error: devices found before it still count.
    """
    known, found = frozenset({*listed, CANARY_DEVICE}), set[str]()
    try:
        async for some in hot.device_ids():
            found.update(device for device in some if device not in known)
            budget.spend(0)
            if budget.is_spent:
                return Unlisted(tuple(sorted(found)), whole=False)
    except StoreError as error:
        reason = f"could not all be listed: {error.resource}: {error.cause}"
        gap = Gap("hot", "devices that the twin does not list", reason, error.remedy)
        return Unlisted(tuple(sorted(found)), gap=gap)
    return Unlisted(tuple(sorted(found)))

"""The port of first-light: requirements of a complete run on a real account beyond the port `Cloud`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol, cast

from l3kit.providers import part

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.twin.config import Twin


@dataclass(frozen=True, slots=True)
class Amounts:
    """The amounts of a run: items written, chunks stored in the cold tier, chunks archived."""

    items: int
    chunks: int
    archived: int


@dataclass(frozen=True, slots=True)
class ExpectedUse:
    """The maximum bill of a run for one item.

    Attributes:
        part: the part of the bill, as the cost model names it.
        item: what it is, in words.
        service, tier, rate: its price in the price book.
        quantity: in the measure of the price's unit.
    """

    part: str
    item: str
    service: str
    tier: str
    rate: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Account:
    """The account and region that a session reaches."""

    account_id: str
    region: str


class Recorder(Protocol):
    """Keeps the requests of a run and their answers."""

    def text(self) -> str:
        """Return them cleaned, one JSON object a line. Raises: CheckFailedError if something private is in it."""


class FirstLight(Protocol):
    """One cloud's part of first-light, named by `parts` of its `Provider`."""

    packages: Sequence[str]
    """Packages of its SDK, whose versions are in the report."""
    shared_kinds: Collection[str]
    """Kinds of resources that are the account's, not the twin's, so that a run may find them as they are."""
    archive_answers: bool
    """True if archived items are read at once, without a restore."""
    minutes: str
    """Expected duration of a run, in words."""
    settling_seconds: float
    """Maximum time until permissions take effect that apply has given, in which a mover is called again."""

    def uses(self, amounts: Amounts) -> Iterable[ExpectedUse]:
        """Return the maximum billed uses of a run."""

    def unpriced(self) -> Sequence[str]:
        """Return what is billed too and has no price in the price book, in words."""

    def check(self, cloud: Cloud) -> None:
        """Check whatever a run needs besides a deployment. Raises: L3Error; nothing was done."""

    def account(self, cloud: Cloud) -> Account:
        """Return the account behind `cloud`."""

    def watch_calls(self, cloud: Cloud, seen: Callable[[str], None]) -> None:
        """Call `seen` with the name of each request from now on."""

    def settle(self, cloud: Cloud) -> None:
        """Wait until what was begun has ended, so that a removal finds it."""

    def recorder(self, cloud: Cloud, twin: Twin) -> Recorder | None:
        """Return a recorder of all requests to the control plane from now on; None if the cloud has none."""

    def kept(self, cloud: Cloud, twin: Twin) -> Sequence[str]:
        """Return what the cloud keeps by itself after everything was removed, which nobody has to remove."""

    def left_behind(self, cloud: Cloud, twin: Twin) -> Sequence[str]:
        """Return resources with this twin's names that are not in a plan of its removal, by kind and name."""

    def secrets(self, cloud: Cloud, twin: Twin) -> Sequence[str]:
        """Return texts that identify the account, so that no report shows them."""


def first_light_of(cloud: str) -> FirstLight:
    """Return a cloud's part of first-light. Raises: ConfigurationError if it has none."""
    return cast("FirstLight", part(cloud, "first light"))

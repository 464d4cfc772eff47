"""A cloud as a session reaches it: stores, functions, schedules, checks, provisioning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.settings import StoreName

if TYPE_CHECKING:
    from l3kit.clouds.ports.checks import Check
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.clouds.ports.provisioner import Provisioner
    from l3kit.twin.config import Twin
    from l3kit.twin.connections import DeployedWriter
    from l3kit.twin.schedules import Schedule


class Cloud(Protocol):
    """One account of one cloud; `Session.cloud(provider)` gives it."""

    provider: str

    @property
    def account(self) -> str:
        """Names the account and region in file names: what tells two deployments of one twin apart."""

    def provisioner(self, twin: Twin, links: DeployedLinks) -> Provisioner:
        """How this twin's resources are made here."""

    def store_name(self, twin: Twin, resource: StoreName) -> str:
        """The table, container, collection or bucket."""

    def function_name(self, twin: Twin, function: str) -> str:
        """The deployed name of one of the twin's functions."""

    def hot_store(self, twin: Twin) -> HotStore: ...

    def journal_store(self, twin: Twin) -> JournalStore: ...

    def object_store(self, twin: Twin, tier: Tier) -> ObjectStore: ...

    def invoke(self, twin: Twin, function: str, event: Mapping[str, Any]) -> Any:
        """Call a deployed function that is not a writer, and wait for what it returns.

        Raises: ProvisioningError where it is not deployed; L3Error where it failed or gave no answer.
        """

    def function_variables(self, twin: Twin, function: str) -> Mapping[str, str] | None:
        """What a deployed function was told, tokens among it; None where it is not deployed.

        Raises: PermissionMissingError.
        """

    def writer(self, twin: Twin, function: str) -> DeployedWriter | None:
        """What is deployed of this writer; None where there is none that carries this twin's tag.

        Raises: PermissionMissingError.
        """

    def function_checks(self, twin: Twin) -> Iterator[Check]:
        """Each function of the layout is there, works, and has the variables it needs and no strange ones."""

    def schedule_checks(self, twin: Twin) -> Iterator[Check]:
        """Each mover's schedule is on and starts that mover."""

    def schedule(self, twin: Twin, mover: str, now: datetime) -> Schedule:
        """The deployed schedule of a mover."""

"""The port of a cloud in a session: stores, functions, schedules, checks, provisioning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.settings.function_table import StoreName

if TYPE_CHECKING:
    from l3kit.clouds.ports.checks import Check
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.clouds.ports.function_logs import LogLine
    from l3kit.clouds.ports.provisioner import Provisioner
    from l3kit.clouds.ports.source_table import SourceTable
    from l3kit.clouds.ports.undelivered import Undelivered
    from l3kit.twin.config import Twin
    from l3kit.twin.connections import DeployedWriter
    from l3kit.twin.schedules import Schedule


class Cloud(Protocol):
    """One account of one cloud, as returned by `Session.cloud(provider)`."""

    provider: str

    @property
    def account(self) -> str:
        """Account and region for file names, to distinguish two deployments of one twin."""

    def provisioner(self, twin: Twin, links: DeployedLinks) -> Provisioner:
        """Return the provisioner of this twin's resources."""

    def store_name(self, twin: Twin, resource: StoreName) -> str:
        """Return the name of the table, container, collection or bucket."""

    def function_name(self, twin: Twin, function: str) -> str:
        """Return the deployed name of one of the twin's functions."""

    def hot_store(self, twin: Twin) -> HotStore: ...

    def journal_store(self, twin: Twin) -> JournalStore: ...

    def object_store(self, twin: Twin, tier: Tier) -> ObjectStore: ...

    def source_table(self, twin: Twin, name: str) -> SourceTable:
        """Return a table, container or collection that is not the twin's, to copy readings from.

        Raises: ConfigurationError for a name that is invalid in this cloud, or if this cloud cannot be copied from.
        """

    def invoke(self, twin: Twin, function: str, event: Mapping[str, Any] | bytes) -> Any:
        """Invoke a deployed function other than a writer, and wait for its result.

        Args:
            event: bytes, in UTF-8, reach a function of the message chain unchanged, with every digit.
        Raises: ProvisioningError if it is not deployed; L3Error if it failed or did not respond.
        """

    def undelivered(self, key: str, body: bytes) -> Undelivered | None:
        """Read a dead letter written by the cloud's own delivery; None for any other object."""

    def function_variables(self, twin: Twin, function: str) -> Mapping[str, str] | None:
        """Return the environment variables of a deployed function, tokens included; None if it is not deployed.

        Raises: PermissionMissingError.
        """

    def writer(self, twin: Twin, function: str) -> DeployedWriter | None:
        """Return the deployed writer or reader; None if there is none with this twin's tag.

        Raises: PermissionMissingError.
        """

    def function_log(self, twin: Twin, function: str, since: datetime | None) -> Iterator[LogLine]:
        """Yield the log lines of one of the twin's functions, as `FunctionHost.log` does.

        Raises: PermissionMissingError, ProvisioningError, both also after some lines.
        """

    def function_checks(self, twin: Twin) -> Iterator[Check]:
        """Check that each function of the layout exists, works, and has the variables it needs and no unknown ones."""

    def schedule_checks(self, twin: Twin) -> Iterator[Check]:
        """Check that each mover's schedule is enabled and starts that mover."""

    def schedule(self, twin: Twin, mover: str, now: datetime) -> Schedule:
        """Return the deployed schedule of a mover."""

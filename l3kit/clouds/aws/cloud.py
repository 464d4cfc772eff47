"""AWS as a session reaches it: a twin's stores, functions and schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from l3kit.clouds.aws.data.events import wrapped
from l3kit.clouds.aws.data.stores import Place, open_hot, open_journal, open_objects, open_table
from l3kit.clouds.aws.source_table import DynamoSource, check_table_name
from l3kit.clouds.aws.undelivered import undelivered
from l3kit.clouds.shared.hosted_functions import HostedFunctions
from l3kit.errors import ConfigurationError
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.settings.function_table import StoreName

if TYPE_CHECKING:
    from l3kit.clouds.aws.control.provisioner import AwsProvisioner
    from l3kit.clouds.aws.session import AwsSession
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.clouds.ports.function_host import Deployed, FunctionHost
    from l3kit.clouds.ports.undelivered import Undelivered
    from l3kit.twin.config import Twin

SOURCE_TRIES = 20
"""Maximum tries of a request to a foreign table, which may be throttled for as long as its other users are busy."""
SOURCE_CONNECTIONS = 8


class AwsCloud(HostedFunctions):
    """The port `Cloud` on one account and region."""

    provider = "aws"

    def __init__(self, session: AwsSession) -> None:
        super().__init__(
            "aws",
            self._function_host,
            lambda twin, name: self.session.names(twin.name).function(name),
            lambda expression: expression,
            self._address,
        )
        self.session = session

    @property
    def account(self) -> str:
        return f"{self.session.account_id}-{self.session.region}"

    def provisioner(self, twin: Twin, links: DeployedLinks) -> AwsProvisioner:
        from l3kit.clouds.aws.control.provisioner import AwsProvisioner

        return AwsProvisioner(twin, self.session, links)

    def store_name(self, twin: Twin, resource: StoreName) -> str:
        return self.session.names(twin.name).store(resource)

    def hot_store(self, twin: Twin) -> HotStore:
        """The hot table."""
        return open_hot(self.store_name(twin, "hot"), self._place(twin))

    def journal_store(self, twin: Twin) -> JournalStore:
        """The journal's table."""
        return open_journal(self.store_name(twin, "journal"), self._place(twin))

    def object_store(self, twin: Twin, tier: Tier) -> ObjectStore:
        """The cold or archive bucket."""
        return open_objects(self.store_name(twin, tier), tier, self._place(twin))

    def source_table(self, twin: Twin, name: str) -> DynamoSource:
        """A table of the account and region."""
        check_table_name(name)
        denied = "Allow whoever runs this to describe, query and scan it"
        policy = f"`l3kit permissions aws --verbs load --twin {twin.name} --from-table {name} --json` prints a policy"
        place = replace(self._place(twin), denied=f"{denied}: {policy}", retry=RetryPolicy(tries=SOURCE_TRIES))
        own = {self.store_name(twin, "hot"): "hot table", self.store_name(twin, "journal"): "journal table"}
        return DynamoSource(open_table(name, place, SOURCE_CONNECTIONS), own)

    def invoke(self, twin: Twin, function: str, event: Mapping[str, Any] | bytes) -> Any:
        """Wrap bytes in a text, since Lambda's runtime would round their numbers."""
        return super().invoke(twin, function, wrapped(event) if isinstance(event, bytes) else event)

    def undelivered(self, key: str, body: bytes) -> Undelivered | None:
        """Read a record of Lambda or of IoT's rule; None for any other object."""
        return undelivered(key, body)

    def _function_host(self, twin: Twin) -> FunctionHost:
        from l3kit.clouds.aws.control.context import Context
        from l3kit.clouds.aws.control.lambda_host import LambdaHost

        return LambdaHost(Context(self.session, self.session.names(twin.name)))

    def _address(self, there: Deployed, function: str) -> str:
        from l3kit.clouds.aws.control.links import url_config

        config = url_config(self.session, there.name)
        return str(config["FunctionUrl"]) if config else ""

    def _place(self, twin: Twin) -> Place:
        denied = f"Grant it to whoever runs this: `l3kit permissions aws --twin {twin.name} --json` prints a policy"
        session = self.session
        return Place(session.region, session.credentials, session.endpoint_url, denied=denied, agent=self.agent)


def aws_in(clouds: Mapping[str, Cloud]) -> AwsCloud:
    """AWS among a session's clouds. Raises: ConfigurationError if it is missing."""
    found = clouds.get(AwsCloud.provider)
    if not isinstance(found, AwsCloud):
        raise ConfigurationError("AWS", "is not reached by this session", "Connect with a twin that has a tier on it")
    return found

"""AWS as a session reaches it: a twin's stores, functions and schedules."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from l3kit.clouds.aws.data.stores import Place, open_hot, open_journal, open_objects
from l3kit.errors import ConfigurationError, L3Error, PermissionMissingError, ProvisioningError
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.settings import StoreName
from l3kit.twin.schedule_times import next_time
from l3kit.twin.schedules import Schedule

if TYPE_CHECKING:
    from l3kit.clouds.aws.control.provisioner import AwsProvisioner
    from l3kit.clouds.aws.session import AwsSession
    from l3kit.clouds.ports.checks import Check
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.twin.config import Twin
    from l3kit.twin.connections import DeployedWriter


class AwsCloud:
    """The port `Cloud` on one account and region."""

    provider = "aws"

    def __init__(self, session: AwsSession) -> None:
        self.session = session

    @property
    def account(self) -> str:
        return f"{self.session.account_id}-{self.session.region}"

    def provisioner(self, twin: Twin, links: DeployedLinks) -> AwsProvisioner:
        """See `Cloud.provisioner`."""
        from l3kit.clouds.aws.control.provisioner import AwsProvisioner

        return AwsProvisioner(twin, self.session, links)

    def store_name(self, twin: Twin, resource: StoreName) -> str:
        """See `Cloud.store_name`."""
        return self.session.names(twin.name).store(resource)

    def function_name(self, twin: Twin, function: str) -> str:
        """See `Cloud.function_name`."""
        return self.session.names(twin.name).function(function)

    def hot_store(self, twin: Twin) -> HotStore:
        """The hot table."""
        return open_hot(self.store_name(twin, "hot"), self._place())

    def journal_store(self, twin: Twin) -> JournalStore:
        """The journal's table."""
        return open_journal(self.store_name(twin, "journal"), self._place())

    def object_store(self, twin: Twin, tier: Tier) -> ObjectStore:
        """The cold or archive bucket."""
        return open_objects(self.store_name(twin, tier), tier, self._place())

    def invoke(self, twin: Twin, function: str, event: Mapping[str, Any]) -> Any:
        """See `Cloud.invoke`."""
        return _invoke(self.session, self.function_name(twin, function), event)

    def function_variables(self, twin: Twin, function: str) -> Mapping[str, str] | None:
        """See `Cloud.function_variables`."""
        from l3kit.clouds.aws.control import checks

        return checks.function_variables(self.session, twin, function)

    def writer(self, twin: Twin, function: str) -> DeployedWriter | None:
        """See `Cloud.writer`."""
        from l3kit.clouds.aws.control import checks

        return checks.writer(self.session, twin, function)

    def function_checks(self, twin: Twin) -> Iterator[Check]:
        """See `Cloud.function_checks`."""
        from l3kit.clouds.aws.control import checks

        return checks.function_checks(self.session, twin)

    def schedule_checks(self, twin: Twin) -> Iterator[Check]:
        """See `Cloud.schedule_checks`."""
        from l3kit.clouds.aws.control import checks

        return checks.schedule_checks(self.session, twin)

    def schedule(self, twin: Twin, mover: str, now: datetime) -> Schedule:
        """See `Cloud.schedule`."""
        from botocore.exceptions import ClientError

        from l3kit.clouds.aws.control.calls import explained, is_missing

        name = self.session.names(twin.name).schedule(mover)
        with explained(f"schedule {name}"):
            try:
                there: dict[str, Any] = self.session.client("scheduler").get_schedule(
                    Name=name, GroupName=f"l3kit-{twin.name}"
                )
            except ClientError as error:
                if is_missing(error):
                    return Schedule("missing")
                raise
        expression = str(there["ScheduleExpression"])
        if there.get("State") != "ENABLED":
            return Schedule("off", expression)
        if (zone := there.get("ScheduleExpressionTimezone", "UTC")) != "UTC":
            return Schedule("on", f"{expression}, time zone {zone}")
        if self.session.endpoint_url is not None:  # whose rates count from no time: nothing runs by itself
            return Schedule("fired", expression, next_time(expression, now))
        return Schedule(
            "on", expression, next_time(expression, now, there.get("StartDate") or there.get("CreationDate"))
        )

    def _place(self) -> Place:
        return Place(self.session.region, self.session.credentials, self.session.endpoint_url)


def _invoke(session: AwsSession, name: str, event: Mapping[str, Any]) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    running = "It may still be running; a second run does no harm"
    client = session.client("lambda", read_timeout=920, max_attempts=1)
    try:
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail")
    except client.exceptions.ResourceNotFoundException:
        raise ProvisioningError(name, "is not deployed", "Run deploy_l3 first") from None
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "refused")
        raise L3Error(
            name, f"was not invoked ({code})", "Run it again; items already moved are not moved twice"
        ) from None
    except PermissionMissingError:
        raise
    except ProvisioningError as error:  # what boto3 raised, told already
        raise L3Error(name, error.cause, running) from None
    except BotoCoreError as error:
        raise L3Error(name, f"did not respond ({type(error).__name__})", running) from None
    payload = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        log = base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace")
        reason = payload.get("errorMessage", "no message") if isinstance(payload, dict) else payload
        raise L3Error(name, f"failed: {reason}", "The end of its log:\n" + "\n".join(log.splitlines()[-12:]))
    return payload


def aws_in(clouds: Mapping[str, Cloud]) -> AwsCloud:
    """AWS among a session's clouds. Raises: ConfigurationError if it is not there."""
    found = clouds.get(AwsCloud.provider)
    if not isinstance(found, AwsCloud):
        raise ConfigurationError("AWS", "is not reached by this session", "Connect with a twin that has a tier on it")
    return found

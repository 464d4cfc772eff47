"""What becomes of an event that a function did not process."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.clouds.aws.control.undelivered import FailureDestination
from l3kit.errors import ProvisioningError
from tests.support.slow_aws import Client, Time, context, refusal

NAME = "plant-dispatcher"
BUCKET = "plant-dead-letters"
WANTED: dict[str, Any] = {
    "MaximumRetryAttempts": 2,
    "MaximumEventAgeInSeconds": 21_600,
    "DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:s3:::{BUCKET}"}},
}
MISSING = refusal("GetFunctionEventInvokeConfig", "ResourceNotFoundException")
EARLY = refusal(
    "PutFunctionEventInvokeConfig",
    "InvalidParameterValueException",
    "The function's execution role does not have permissions to call PutObject on the destination",
)


def destination(client: Client) -> tuple[FailureDestination, Time]:
    where, time = context("lambda", client)
    return FailureDestination(where, NAME, BUCKET), time


def there(*, twin: str = "plant", **changed: Any) -> Client:
    owner = {"Configuration": {"FunctionName": NAME}, "Tags": {"l3kit:twin": twin}}
    return Client(get_function_event_invoke_config=[{**WANTED, **changed}], get_function=[owner])


def test_a_destination_as_it_should_be_is_left_alone_and_belongs_to_the_functions_owner() -> None:
    finding = destination(there())[0].compare()
    assert (finding.exists, finding.owned, finding.differences) == (True, True, ())
    assert not destination(there(twin="other"))[0].compare().owned
    assert not destination(Client(get_function_event_invoke_config=[MISSING]))[0].compare().exists


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"MaximumRetryAttempts": 0}, "a failed invocation is repeated 0 times, not 2"),
        ({"MaximumEventAgeInSeconds": 60}, "events are kept for 60 s, not 21600 s"),
        ({"DestinationConfig": {}}, f"failed events do not go to {BUCKET}"),
        (
            {"DestinationConfig": {**WANTED["DestinationConfig"], "OnSuccess": {"Destination": "arn:aws:sqs:::q"}}},
            "processed events go to arn:aws:sqs:::q",
        ),
    ],
)
def test_whatever_differs_is_told_and_put_right_whole(changed: dict[str, Any], told: str) -> None:
    client = there(**changed)
    made, _ = destination(client)
    assert made.compare().differences == (told,)
    made.update()
    assert client.given["put_function_event_invoke_config"] == {"FunctionName": NAME, **WANTED}


def test_it_waits_until_lambda_sees_the_roles_permission_and_not_for_ever() -> None:
    made, time = destination(Client(put_function_event_invoke_config=[EARLY, EARLY, {}]))
    made.create()
    assert 0 < time.now < 60
    made, time = destination(Client(put_function_event_invoke_config=[EARLY]))
    with pytest.raises(ProvisioningError, match=f"role of {NAME} may write into {BUCKET}"):
        made.create()


def test_a_destination_that_is_gone_is_no_error() -> None:
    destination(Client(delete_function_event_invoke_config=[MISSING]))[0].delete()

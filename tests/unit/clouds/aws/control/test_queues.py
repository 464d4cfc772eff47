"""The queue of missed starts."""

from __future__ import annotations

import pytest

from l3kit.clouds.aws.control.queues import Queue
from l3kit.clouds.aws.control.schedules import Schedule
from l3kit.errors import ProvisioningError
from tests.support.slow_aws import ACCOUNT, Client, Time, context, refusal
from tests.unit.clouds.aws.control.forms import problems_with

URL = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/plant-missed-starts"
WANTED = {"MessageRetentionPeriod": "1209600", "SqsManagedSseEnabled": "true"}
GONE = refusal("GetQueueUrl", "AWS.SimpleQueueService.NonExistentQueue")


def queue(client: Client) -> tuple[Queue, Time]:
    where, time = context("sqs", client)
    return Queue(where, "plant-missed-starts"), time


def there(**changed: str) -> Client:
    return Client(
        get_queue_url=[{"QueueUrl": URL}],
        list_queue_tags=[{"Tags": {"l3kit:twin": "plant"}}],
        get_queue_attributes=[{"Attributes": {**WANTED, **changed}}],
    )


def test_a_queue_as_it_should_be_is_left_alone() -> None:
    finding = queue(there())[0].compare()
    assert (finding.exists, finding.owned, finding.differences) == (True, True, ())
    assert not queue(Client(get_queue_url=[GONE]))[0].compare().exists
    foreign = there()
    foreign._answers["list_queue_tags"] = [{}]
    assert not queue(foreign)[0].compare().owned


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"MessageRetentionPeriod": "60"}, "keeps messages for 60 s, not 1209600 s"),
        ({"SqsManagedSseEnabled": "false"}, "its messages are not encrypted by SQS"),
    ],
)
def test_whatever_differs_is_told_and_put_right(changed: dict[str, str], told: str) -> None:
    client = there(**changed)
    made, _ = queue(client)
    assert made.compare().differences == (told,)
    made.update()
    assert client.given["set_queue_attributes"] == {"QueueUrl": URL, "Attributes": WANTED}
    assert problems_with("sqs", "SetQueueAttributes", client.given["set_queue_attributes"]) == ""


def test_a_queue_is_made_when_its_name_is_free_again_and_not_for_ever() -> None:
    deleted = refusal("CreateQueue", "AWS.SimpleQueueService.QueueDeletedRecently")
    client = Client(create_queue=[deleted, deleted, {}])
    made, time = queue(client)
    made.create()
    assert 0 < time.now < 60
    assert problems_with("sqs", "CreateQueue", client.given["create_queue"]) == ""
    with pytest.raises(ProvisioningError, match="the name of queue plant-missed-starts is free"):
        queue(Client(create_queue=[deleted]))[0].create()


def test_a_queue_that_is_gone_is_no_error() -> None:
    queue(Client(get_queue_url=[GONE]))[0].delete()
    client = there()
    client._answers["delete_queue"] = [refusal("DeleteQueue", "AWS.SimpleQueueService.NonExistentQueue")]
    queue(client)[0].delete()


def schedule(client: Client, missed: str) -> Schedule:
    where, _ = context("scheduler", client)
    return Schedule(where, "plant-f", "l3kit-plant", "plant-f", "plant-scheduler", "rate(1 day)", missed)


def test_a_schedule_keeps_missed_starts_in_its_queue_and_drops_them_without() -> None:
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:plant-missed-starts"
    client = Client()
    schedule(client, "plant-missed-starts").create()
    given = client.given["create_schedule"]
    assert given["Target"]["DeadLetterConfig"] == {"Arn": arn}
    assert problems_with("scheduler", "CreateSchedule", given) == ""
    schedule(client, "").create()
    assert "DeadLetterConfig" not in client.given["create_schedule"]["Target"]


@pytest.mark.parametrize(("had", "wanted"), [("", "plant-missed-starts"), ("plant-missed-starts", "")])
def test_a_schedule_whose_queue_comes_or_goes_differs(had: str, wanted: str) -> None:
    client = Client()
    schedule(client, had).create()
    now = {**client.given["create_schedule"], "State": "ENABLED"}
    group = {"Arn": "arn", "State": "ACTIVE"}
    found = Client(get_schedule=[now], get_schedule_group=[group], list_tags_for_resource=[{"Tags": []}])
    assert schedule(found, wanted).compare().differences == ("its DeadLetterConfig differs",)
    assert schedule(found, had).compare().differences == ()

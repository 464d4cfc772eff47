"""A sender keeps to the limit that it is told, and to the smallest one where it is told none."""

from __future__ import annotations

import pytest

from l3kit import providers
from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.errors import ConfigurationError
from l3kit.tiering.receiver_limit import MAX_LIMIT_BYTES, SMALLEST_LIMIT, ReceiverLimit
from l3kit.tiering.settings.loading import load_settings
from tests.support.lambda_calls import environment, info_with

ABROAD = {"DIGITAL_TWIN_INFO": info_with(hot="aws", cold="gcp"), "REMOTE_COLD_WRITER_URL": "http://127.0.0.1:9/"}


def limit_from(**told: str | None) -> ReceiverLimit:
    env = environment(**ABROAD, INTER_CLOUD_TOKEN="t" * 43, **told)
    return load_settings("hot-to-cold-mover", env, cloud=VARIABLES).receiver_limit


@pytest.mark.parametrize("limit", [ReceiverLimit(32_000_000, "body"), ReceiverLimit(MAX_LIMIT_BYTES, "event")])
def test_what_the_deployer_tells_is_what_the_sender_keeps_to(limit: ReceiverLimit) -> None:
    assert limit_from(**limit.variables()) == limit


def test_a_sender_that_an_older_version_deployed_keeps_to_the_smallest_limit() -> None:
    assert limit_from() == SMALLEST_LIMIT
    assert limit_from(RECEIVER_LIMIT_BYTES=" ", RECEIVER_LIMIT_COUNTS="body") == SMALLEST_LIMIT
    assert limit_from(RECEIVER_LIMIT_BYTES="32000000") == ReceiverLimit(32_000_000, "event")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RECEIVER_LIMIT_BYTES", "many"),
        ("RECEIVER_LIMIT_BYTES", str(SMALLEST_LIMIT.max_bytes - 1)),
        ("RECEIVER_LIMIT_BYTES", str(MAX_LIMIT_BYTES + 1)),
        ("RECEIVER_LIMIT_COUNTS", "items"),
    ],
)
def test_a_limit_that_is_none_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        limit_from(**{**ReceiverLimit(32_000_000, "body").variables(), name: value})


def test_no_cloud_takes_less_than_the_smallest_limit() -> None:
    limits = [providers.provider(name).receiver_limit for name in providers.BUILT_IN]
    assert min(limit.max_bytes for limit in limits) == SMALLEST_LIMIT.max_bytes
    assert all(limit.counts == "event" for limit in limits if limit.max_bytes == SMALLEST_LIMIT.max_bytes)

"""Names: the documented forms, always within the clouds' limits, never two twins with one name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.azure.names import AzureNames
from l3kit.clouds.gcp.names import GcpNames
from l3kit.errors import ConfigurationError
from l3kit.tiering.settings.function_table import FUNCTIONS, StoreName
from l3kit.twin.naming import check_twin_name
from tests.unit.twin.twin_names import twin_names

azure_names = st.builds(AzureNames, twin_names, st.uuids().map(str), st.sampled_from(["westeurope", "eastus"]))
gcp_names = st.builds(GcpNames, twin_names, st.sampled_from(["project-1", "project-2"]), st.just("us-central1"))
RESOURCES: tuple[StoreName, ...] = ("hot", "journal", "cold", "archive", "letters")


@pytest.mark.parametrize("name", ["", "A", "a.b", "a--b", "a-", "x" * 29])
def test_a_name_that_does_not_fit_everywhere_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="1 to 28 lower-case letters"):
        check_twin_name(name)
    with pytest.raises(ConfigurationError):
        AwsNames(name, "123456789012", "us-east-1")


@settings(max_examples=30)
@given(twin_names, twin_names)
def test_no_two_functions_of_any_two_twins_share_a_name(one: str, other: str) -> None:
    twins = {one, other}
    names = [AwsNames(twin, "1" * 12, "us-east-1") for twin in twins]
    functions = [each.function(function) for each in names for function in FUNCTIONS]
    roles = [*functions, *(each.scheduler_role() for each in names)]
    tables = [table for each in names for table in (each.hot_dynamodb_table(), each.journal_dynamodb_table())]
    buckets = [bucket for each in names for bucket in (each.cold_s3_bucket(), each.archive_s3_bucket())]
    for kind in (roles, tables, buckets):
        assert len(set(kind)) == len(kind)


@given(azure_names)
def test_every_name_on_azure_is_within_its_limit(names: AzureNames) -> None:
    for function in FUNCTIONS:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]", names.function(function))
    assert re.fullmatch(r"[^/\\#?]{1,255}", names.database())
    for resource in RESOURCES:
        assert re.fullmatch(r"[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]", names.store(resource))


@given(gcp_names)
def test_every_name_on_google_cloud_is_within_its_limit(names: GcpNames) -> None:
    for function in FUNCTIONS:
        assert re.fullmatch(r"[a-z][a-z0-9-]{0,61}[a-z0-9]", names.function(function))
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,500}", names.schedule(function))
    for resource in ("hot", "journal"):
        assert re.fullmatch(r"(?!__.*__)[^/]{1,1500}", names.store(resource))
        assert names.store(resource) not in (".", "..")
    for resource in ("cold", "archive"):
        bucket = names.store(resource)
        assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]", bucket)
        assert not bucket.startswith("goog")
        assert "google" not in bucket


@given(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.sampled_from(sorted(FUNCTIONS)))
def test_a_twin_named_like_another_and_the_beginning_of_its_function_shares_no_name_with_it(
    twin: str, function: str
) -> None:
    for end in range(function.count("-")):
        longer = f"{twin}-{'-'.join(function.split('-')[: end + 1])}"
        for make in (
            lambda name: AwsNames(name, "1" * 12, "us-east-1"),
            lambda name: AzureNames(name, "subscription", "westeurope"),
            lambda name: GcpNames(name, "project", "us-central1"),
        ):
            both = [make(name).function(one) for name in (twin, longer) for one in FUNCTIONS]
            assert len(set(both)) == len(both)


@settings(max_examples=60)
@given(twin_names, twin_names)
def test_no_two_functions_or_stores_of_any_two_twins_share_a_name_on_one_cloud(one: str, other: str) -> None:
    for make in (
        lambda twin: AzureNames(twin, "subscription", "westeurope"),
        lambda twin: GcpNames(twin, "project", "us-central1"),
    ):
        each = [make(twin) for twin in {one, other}]
        functions = [names.function(function) for names in each for function in FUNCTIONS]
        stores = [names.store(resource) for names in each for resource in RESOURCES]
        assert len(set(functions)) == len(functions)
        assert len(set(stores)) == len(stores)
    azure = [AzureNames(twin, "subscription", "westeurope").database() for twin in {one, other}]
    assert len(set(azure)) == len(azure)


def test_names_unique_in_the_world_differ_by_account_and_region_and_stay_the_same() -> None:
    apps = {
        AzureNames("plant", subscription, region).function("cold-writer")
        for subscription in ("one", "two")
        for region in ("westeurope", "eastus")
    }
    buckets = {
        GcpNames("plant", project, region).store("cold") for project in ("one", "two") for region in ("us", "eu")
    }
    assert (len(apps), len(buckets)) == (4, 4)
    assert AzureNames("plant", "one", "eastus").function("cold-writer") in apps
    assert GcpNames("plant", "one", "us").store("cold") in buckets


def test_a_name_that_does_not_fit_everywhere_is_refused_on_every_cloud() -> None:
    for make in (AzureNames, GcpNames):
        with pytest.raises(ConfigurationError, match="1 to 28 lower-case letters"):
            make("A--b", "account", "region")

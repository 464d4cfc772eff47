"""Names on AWS: the seed's for functions and roles, within every limit, and never those of another twin."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.aws.names import AwsNames
from l3kit.tiering.settings.function_table import FUNCTIONS
from tests.unit.twin.twin_names import twin_names

NAMES = AwsNames("plant", "123456789012", "us-east-1")
accounts = st.from_regex(r"[0-9]{12}", fullmatch=True).filter(str.isascii)
aws_names = st.builds(AwsNames, twin_names, accounts, st.sampled_from(["us-east-1", "eu-central-1"]))


def test_functions_and_roles_have_the_seeds_names() -> None:
    assert NAMES.cold_writer_lambda_function() == "plant-cold-writer"
    assert NAMES.cold_writer_iam_role() == "plant-cold-writer"
    assert NAMES.archive_writer_lambda_function() == "plant-archive-writer"
    assert NAMES.archive_writer_iam_role() == "plant-archive-writer"
    assert NAMES.hot_cold_mover_lambda_function() == "plant-hot-to-cold-mover"
    assert NAMES.hot_cold_mover_iam_role() == "plant-hot-to-cold-mover"
    assert NAMES.cold_archive_mover_lambda_function() == "plant-cold-to-archive-mover"
    assert NAMES.cold_archive_mover_iam_role() == "plant-cold-to-archive-mover"
    assert NAMES.hot_reader_lambda_function() == "plant-hot-reader"
    assert NAMES.hot_reader_iam_role() == "plant-hot-reader"
    assert NAMES.hot_reader_last_entry_lambda_function() == "plant-hot-reader-last-entry"
    assert NAMES.hot_reader_last_entry_iam_role() == "plant-hot-reader-last-entry"
    assert NAMES.archive_expirer_lambda_function() == "plant-archive-expirer"
    assert NAMES.archive_expirer_iam_role() == "plant-archive-expirer"
    assert NAMES.archive_expirer_schedule() == "plant-archive-expirer"
    assert NAMES.hot_cold_mover_schedule() == "plant-hot-to-cold-mover"
    assert NAMES.cold_archive_mover_schedule() == "plant-cold-to-archive-mover"


def test_stores_have_the_documented_names() -> None:
    assert NAMES.hot_dynamodb_table() == "plant-hot-iot-data"
    assert NAMES.journal_dynamodb_table() == "plant-journal"
    assert re.fullmatch(r"plant-cold-iot-data-[0-9a-f]{8}", NAMES.cold_s3_bucket())
    assert re.fullmatch(r"plant-archive-iot-data-[0-9a-f]{8}", NAMES.archive_s3_bucket())


@given(aws_names)
def test_every_name_is_within_its_limit(names: AwsNames) -> None:
    for function in FUNCTIONS:
        for name in (names.function(function), names.role(function), names.schedule(function)):
            assert re.fullmatch(r"[a-z0-9-]{1,64}", name)
    for role in (names.scheduler_role(), names.topic_rule_role()):
        assert re.fullmatch(r"[a-z0-9-]{1,64}", role)
    assert re.fullmatch(r"[a-zA-Z0-9_]{1,128}", names.topic_rule())
    for table in (names.hot_dynamodb_table(), names.journal_dynamodb_table()):
        assert re.fullmatch(r"[a-z0-9-]{3,255}", table)
    for bucket in (names.cold_s3_bucket(), names.archive_s3_bucket(), names.dead_letters_s3_bucket()):
        assert re.fullmatch(r"[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]", bucket)


@given(aws_names, aws_names)
def test_two_twins_never_share_a_name(one: AwsNames, other: AwsNames) -> None:
    same = (one.twin_name, one.account_id, one.region) == (other.twin_name, other.account_id, other.region)
    assert (one.cold_s3_bucket() == other.cold_s3_bucket()) is same
    if one.twin_name != other.twin_name:
        assert one.function("hot-to-cold-mover") != other.function("hot-to-cold-mover")
        assert one.hot_dynamodb_table() != other.hot_dynamodb_table()


def test_a_buckets_name_stays_the_same_and_differs_by_account_and_region() -> None:
    assert AwsNames("plant", "123456789012", "us-east-1").cold_s3_bucket() == NAMES.cold_s3_bucket()
    others = {
        AwsNames("plant", "123456789013", "us-east-1").cold_s3_bucket(),
        AwsNames("plant", "123456789012", "eu-west-1").cold_s3_bucket(),
        NAMES.cold_s3_bucket(),
    }
    assert len(others) == 3

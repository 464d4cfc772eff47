"""Tables while AWS is slow: answers that the emulators never give."""

from __future__ import annotations

from l3kit.clouds.aws.control.tables import Table
from tests.support.slow_aws import Client, context, refusal


def test_a_new_tables_backups_are_switched_on_as_soon_as_there_are_any() -> None:
    table = {
        "TableArn": "arn",
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "name"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    }
    off = {
        "ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}
    }
    early = refusal("UpdateContinuousBackups", "ContinuousBackupsUnavailableException", "Backups are being enabled")
    client = Client(
        describe_table=[{"Table": {**table, "TableStatus": "CREATING"}}, {"Table": table}],
        describe_continuous_backups=[off],
        update_continuous_backups=[early, early, {}],
    )
    where, time = context("dynamodb", client)
    Table(where, "plant-journal", ("name",)).create()
    assert client.calls.count("update_continuous_backups") == 3
    assert time.now > 0

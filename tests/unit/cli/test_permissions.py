"""`l3kit permissions`: every cloud is asked in one way, and one without permissions is refused in words."""

from __future__ import annotations

import json

import pytest

from l3kit.cli import main


def test_the_table_holds_what_the_chosen_verbs_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "aws", "--verbs", "restore"]) == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert "`s3`: RestoreObject" in "\n".join(rows)
    assert all("restore" in row.split(" | ")[-1] for row in rows)


def test_a_policy_is_of_one_twin_and_says_what_it_does_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "aws", "--twin", "plant", "--json"]) == 0
    whole = capsys.readouterr()
    assert "table/plant-hot" in whole.out
    assert "not a customer managed policy (6,144): use --managed for those" in whole.err
    assert main(["permissions", "aws", "--twin", "plant", "--json", "--managed"]) == 0
    parts = capsys.readouterr()
    statements = [statement for part in json.loads(parts.out) for statement in part["Statement"]]
    assert statements == json.loads(whole.out)["Statement"]
    assert parts.err == ""


def test_the_role_on_google_cloud_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "gcp", "--twin", "plant", "--verbs", "logs", "--json"]) == 0
    role = json.loads(capsys.readouterr().out)
    assert role["includedPermissions"] == ["logging.logEntries.list", "resourcemanager.projects.get"]


def test_a_cloud_without_a_table_and_one_that_is_unknown_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "azure"]) == 1
    assert (
        "Azure: has no table of its operators' permissions yet. Clouds that have it: aws, gcp"
        in capsys.readouterr().err
    )
    assert main(["permissions", "azur"]) == 2
    assert "'azur' is not one of aws, azure, gcp" in capsys.readouterr().err

"""How two policies of a role differ: what comes and what goes, each by itself."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.clouds.aws.control.policy_differences import permissions, policy_differences

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"
BUCKET = "arn:aws:s3:::b/*"


def policy(*statements: tuple[Any, Any], **more: Any) -> dict[str, Any]:
    return {
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": on, **more} for action, on in statements],
    }


WANTED = policy((["dynamodb:Query", "dynamodb:GetItem"], TABLE), ("s3:GetObject", BUCKET))


@pytest.mark.parametrize(
    ("there", "words", "lines"),
    [
        (WANTED, [], []),
        (
            policy(("dynamodb:Query", TABLE)),
            ["its policy lacks dynamodb:GetItem on table/t, s3:GetObject on b/*"],
            ["+ permission  dynamodb:GetItem on table/t", "+ permission  s3:GetObject on b/*"],
        ),
        (
            policy((["dynamodb:Query", "dynamodb:GetItem"], TABLE), (["s3:GetObject", "s3:PutObject"], [BUCKET])),
            ["its policy also allows s3:PutObject on b/*"],
            ["- permission  s3:PutObject on b/*"],
        ),
        (
            policy(("dynamodb:*", TABLE)),
            [
                "its policy lacks dynamodb:GetItem on table/t, dynamodb:Query on table/t, s3:GetObject on b/*",
                "its policy also allows dynamodb:* on table/t",
            ],
            [
                "+ permission  dynamodb:GetItem, dynamodb:Query on table/t",
                "+ permission  s3:GetObject on b/*",
                "- permission  dynamodb:* on table/t",
            ],
        ),
        ({**WANTED, "Version": "2012-10-17"}, ["its policy differs"], ["~ its policy differs"]),
    ],
)
def test_permissions_come_and_go(there: dict[str, Any], words: list[str], lines: list[str]) -> None:
    found = policy_differences(there, WANTED)
    assert [one.words for one in found] == words
    assert [str(change) for one in found for change in one.all_changes] == lines


def test_permissions_under_a_condition_are_told_with_it() -> None:
    made = policy(("kms:Decrypt", "*"), Condition={"StringEquals": {"kms:ViaService": "s3"}})
    assert permissions(made) == ("kms:Decrypt on * if {'StringEquals': {'kms:ViaService': 's3'}}",)

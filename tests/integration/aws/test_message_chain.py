"""Layers 1 and 2 on AWS: made, compared, mended and removed by plan, apply and destroy."""

from __future__ import annotations

import pytest

from l3kit.deploy import plan
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, deploy

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def twin(session: Session, make_twin: MakeTwin) -> Twin:
    twin = make_twin(chain=("aws", "aws"))
    deploy(twin, session)
    return twin


def test_a_second_plan_of_the_chain_changes_nothing(twin: Twin, session: Session) -> None:
    again = plan(twin, session)
    assert again.changes == ()
    kinds = {step.kind for step in again.steps}
    assert kinds >= {"topic rule", "failure destination"}

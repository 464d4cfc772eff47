"""Amazon's DynamoDB Local agrees with the sandbox; where it is not asked, the run's summary says why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.judges.installing import JudgeError
from tests.programs.dynamodb_local import CASES, LICENCE, ROOT, ask


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.timeout(1500)
def test_dynamodb_local_passes_the_cases_that_the_sandbox_passes(
    record_property: Callable[[str, object], None],
) -> None:
    try:
        judgement = ask()
    except JudgeError as error:
        record_property("judge", f"DynamoDB Local was not asked: {error}")
        pytest.skip(str(error))
    record_property("judge", judgement.summary())
    assert judgement.failed == 0, judgement.output[-5000:]
    assert judgement.passed > 100


def test_nothing_is_installed_or_run_where_the_licence_is_not_accepted() -> None:
    for value in ("", "no", "YES"):
        with pytest.raises(JudgeError, match=f"licence is not accepted; {LICENCE}=yes"):
            ask({LICENCE: value})


def test_the_cases_for_the_judge_exist() -> None:
    assert [case for case in CASES if not (ROOT / case).exists()] == []

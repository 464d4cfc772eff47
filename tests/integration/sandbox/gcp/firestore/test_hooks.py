"""A hook sees each call, and fails it before or after it took effect."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.api_core.retry import Retry
from google.cloud import firestore

from l3kit.sandbox.gcp.firestore import CallInfo, CallRefusedError
from tests.conformance.firestore_backend import running_server


class Faults:
    """Hook that fails the calls of one method, before or after they take effect."""

    def __init__(self) -> None:
        self.calls: list[CallInfo] = []
        self.fail_before: CallRefusedError | None = None
        self.fail_after: CallRefusedError | None = None

    async def before(self, call: CallInfo) -> None:
        self.calls.append(call)
        if self.fail_before:
            raise self.fail_before

    async def after(self, call: CallInfo) -> None:
        if self.fail_after:
            raise self.fail_after


def test_a_hook_sees_each_call_and_can_fail_it_before_or_after_it_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    import grpc

    faults = Faults()
    no_retry = Retry(predicate=lambda _: False)
    with running_server(faults) as address:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
        db = firestore.Client(project="p")
        db.document("hot/d/items/a").set({"n": 1})
        assert (faults.calls[0].method, faults.calls[0].subject, faults.calls[0].writes) == (
            "Commit",
            "hot/d/items/a",
            1,
        )
        assert "grpc-python" in faults.calls[0].agent
        faults.fail_before = CallRefusedError(grpc.StatusCode.UNAVAILABLE, "down")
        with pytest.raises(ServiceUnavailable, match="down"):
            db.document("hot/d/items/a").set({"n": 2}, retry=no_retry)
        faults.fail_before = None
        assert db.document("hot/d/items/a").get().to_dict() == {"n": 1}
        faults.fail_after = CallRefusedError(grpc.StatusCode.UNAVAILABLE, "lost")
        with pytest.raises(ServiceUnavailable, match="lost"):
            db.document("hot/d/items/a").set({"n": 3}, retry=no_retry)
        with pytest.raises(ServiceUnavailable, match="lost"):  # a refusal's answer can be lost too
            db.document("hot/d/items/a").create({"n": 4}, retry=no_retry)
        faults.fail_after = None
        assert db.document("hot/d/items/a").get().to_dict() == {"n": 3}
        assert faults.calls[-1].method == "BatchGetDocuments"
        assert faults.calls[-1].subject == "hot/d/items/a"
        list(db.collection("hot/d/items").stream())
        assert (faults.calls[-1].method, faults.calls[-1].subject) == ("RunQuery", "hot/d/items")

"""The sandbox's Google Cloud is deployed to as an account is: by its control plane alone."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from l3kit.deploy import apply, plan, plan_destroy
from l3kit.sandbox import SandboxState
from l3kit.session import sandbox_session
from tests.support.twins import twin_on

pytestmark = pytest.mark.sandbox


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of all requests of this process."""
    found: list[str] = []
    send = requests.Session.send

    def seen(self: requests.Session, request: requests.PreparedRequest, **more: object) -> requests.Response:
        found.append(str(request.url))
        return send(self, request, **more)

    monkeypatch.setattr(requests.Session, "send", seen)
    return found


def test_plan_apply_and_destroy_ask_the_control_plane_and_nothing_of_the_sandboxs_own(
    all_clouds: SandboxState, tmp_path: Path, sent: list[str]
) -> None:
    twin = twin_on(tmp_path, "gcp", "gcp", "gcp", chain=("gcp", "gcp"))
    session = sandbox_session(all_clouds)
    apply(plan(twin, session), session)
    assert plan(twin, session).changes == ()
    apply(plan_destroy(twin, session, data=True), session)
    control = urlsplit(all_clouds.endpoints["gcp_control"]).netloc
    asked = [url for url in sent if urlsplit(url).netloc == control]
    assert len(asked) > 100
    assert [url for url in sent if "/_sandbox/functions/gcp" in url] == []

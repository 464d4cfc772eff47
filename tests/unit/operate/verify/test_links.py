"""The checks of a link ask its writer in the way that it accepts, and say how its mover authenticates."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.ports.checks import Check
from l3kit.errors import ConfigurationError
from l3kit.operate.verify.links import check_links, link_checks
from l3kit.session import Session
from l3kit.tiering.link_auth import SIGNATURE, TOKEN, Authentication
from l3kit.tiering.tokens import Secret, parse_former
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.deployed import Deployed
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import TOKEN as SECRET
from tests.support.wire_server import Server, serving

MOVER, WRITER = "hot-to-cold-mover", "cold-writer"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
CHANGING = Authentication(True, NOW + timedelta(hours=1))
FORMER = "2026-11-28T13:00:00Z the-former-token"


@dataclass
class Deployment:
    """A mover on AWS and a writer on Azure that answers, in a twin of signed links."""

    twin: Twin
    session: Session
    aws: Deployed
    azure: Deployed
    server: Server

    def deploy(self, mover: Authentication, writer: Authentication, *, clock: datetime = NOW, **told: str) -> None:
        former = parse_former(told.get("INTER_CLOUD_TOKEN_PREVIOUS", ""))
        cold = ColdWriter(MemoryObjectStore("cold"), Secret(SECRET), former=former, auth=writer, clock=lambda: clock)
        self.server.answer = lambda request: asyncio.run(cold.handle(request))
        self.azure.told[WRITER] = {"INTER_CLOUD_TOKEN": SECRET, **writer.variables(), **told}
        url = {"REMOTE_COLD_WRITER_URL": self.server.url}
        self.aws.told[MOVER] = {"INTER_CLOUD_TOKEN": SECRET, **url, **mover.variables()}

    def checks(self) -> list[Check]:
        return list(link_checks(self.session, self.twin, now=lambda: NOW))

    def seen(self) -> dict[str, str]:
        checks = self.checks()
        assert not [check for check in checks if not check.passed]
        return {check.expected: check.seen for check in checks}


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    write_twin(tmp_path, "plant", "aws", "azure", "azure", ["pump-1"], link_auth="signature")
    with serving() as server:
        aws, azure = Deployed(), Deployed(urls={WRITER: server.url})
        clouds: dict[str, Any] = {"aws": aws, "azure": azure}
        yield Deployment(Twin.load(tmp_path), Session("live", clouds), aws, azure, server)


def test_a_signed_link_is_asked_with_signatures(deployment: Deployment) -> None:
    deployment.deploy(SIGNATURE, SIGNATURE, INTER_CLOUD_TOKEN_PREVIOUS=FORMER)
    assert deployment.seen() == {
        "no signature -> 403": "403",
        "signed with the wrong token -> 403": "403",
        "signed with the right token, empty body -> 400": "400",
        "signed with the former token, until 2026-11-28T13:00:00Z -> 400": "400",
        "hot-to-cold-mover signs": "signs",
        "hot-to-cold-mover has the saved url and token": "the same",
    }


def test_while_a_link_changes_the_end_of_the_token_itself_is_told(deployment: Deployment) -> None:
    deployment.deploy(TOKEN, CHANGING)
    seen = deployment.seen()
    assert seen["no signature nor, until 2026-11-28T13:00:00Z, the token -> 403"] == "403"
    assert seen["hot-to-cold-mover signs"] == "sends the token, which is accepted; run deploy_l3"


def test_before_a_change_is_deployed_the_link_is_asked_as_it_is(deployment: Deployment) -> None:
    deployment.deploy(TOKEN, TOKEN)
    assert list(deployment.seen()) == [
        "no token -> 403",
        "wrong token -> 403",
        "right token, empty body -> 400",
        "hot-to-cold-mover has the saved url and token",
    ]
    deployment.deploy(SIGNATURE, TOKEN)
    assert deployment.seen()["hot-to-cold-mover signs"] == "signs, which is accepted; run deploy_l3"


def test_a_mover_that_sends_what_its_writer_does_not_accept_is_found(deployment: Deployment) -> None:
    deployment.deploy(TOKEN, SIGNATURE)
    (failed,) = (check for check in deployment.checks() if not check.passed)
    assert failed.seen == "sends the token"
    assert failed.hint.startswith("hot-to-cold-mover sends the token, which cold-writer does not accept; run deploy")


def test_a_writer_that_accepts_the_token_itself_although_it_was_told_not_to_is_found(deployment: Deployment) -> None:
    deployment.deploy(SIGNATURE, TOKEN)
    deployment.azure.told[WRITER] |= SIGNATURE.variables()
    (failed,) = (check for check in deployment.checks() if not check.passed)
    assert (failed.expected, failed.seen) == (
        "no signature -> 403",
        "403, but not for want of X-Inter-Cloud-Signature",
    )
    assert "cold-writer accepts requests without a signature" in failed.hint


def test_a_writer_that_refuses_the_token_before_its_end_is_found(deployment: Deployment) -> None:
    deployment.deploy(TOKEN, SIGNATURE)
    deployment.azure.told[WRITER] |= CHANGING.variables()
    (failed,) = (check for check in deployment.checks() if not check.passed)
    assert "cold-writer does not accept the token, which its sender may still send" in failed.hint


def test_a_clock_that_is_off_is_named_in_place_of_the_token(deployment: Deployment) -> None:
    deployment.deploy(SIGNATURE, SIGNATURE, clock=NOW + timedelta(hours=2))
    (failed,) = (check for check in deployment.checks() if not check.passed)
    assert failed.hint == "the clock of this machine is -7200 s off: set it"


def test_no_check_shows_a_token_or_a_signature(deployment: Deployment) -> None:
    deployment.deploy(SIGNATURE, SIGNATURE, INTER_CLOUD_TOKEN_PREVIOUS=FORMER)
    shown = str(deployment.checks())
    assert SECRET not in shown
    assert "the-former-token" not in shown
    sent = [mac for seen in deployment.server.seen if (mac := seen.headers.get("X-Inter-Cloud-Signature"))]
    assert len(sent) == 3
    assert not [text for seen in deployment.server.seen for text in seen.headers.values() if SECRET in text]
    assert not [mac for mac in sent if mac.partition("v1=")[2] in shown]


def test_before_anything_moves_the_links_of_movers_must_hold_and_no_others(
    deployment: Deployment, tmp_path: Path
) -> None:
    deployment.deploy(SIGNATURE, SIGNATURE, clock=datetime.now(UTC))
    write_twin(tmp_path, "plant", "aws", "azure", "azure", ["pump-1"], ("aws", "azure"), link_auth="signature")
    twin = Twin.load(tmp_path)
    broken = {check.subject for check in link_checks(deployment.session, twin) if not check.passed}
    assert broken == {"aws_l1_to_azure_l2", "azure_l2_to_aws_l3hot"}
    check_links(deployment.session, twin)
    deployment.aws.told[MOVER]["INTER_CLOUD_TOKEN"] = "another"
    with pytest.raises(ConfigurationError, match="Nothing was moved"):
        check_links(deployment.session, twin)

"""Twins of any layout, deployed into the shared sandbox, each under a name of its own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.aws.cloud import AwsCloud
from l3kit.clouds.aws.session import open_sandbox
from l3kit.deploy import Plan, apply, plan
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import REGION
from l3kit.session import Session
from l3kit.twin.config import Twin
from l3kit.twin.connections import Connection
from tests.support.accounts import aws_of

_numbers = itertools.count(1)
MakeTwin = Callable[..., Twin]


@pytest.fixture(scope="session")
def session(sandbox: SandboxState) -> Session:
    """A session on the shared sandbox."""
    cloud = AwsCloud(open_sandbox(sandbox.gateway, REGION))
    return Session("sandbox", {"aws": cloud}, sandbox.home, sandbox.gateway)


@pytest.fixture(scope="session")
def make_twin(tmp_path_factory: pytest.TempPathFactory) -> MakeTwin:
    """`make_twin(hot="aws", cold="azure", archive="gcp", devices=["d"], chain=("aws", "gcp"))`: a new twin's folder,
    loaded.

    Further arguments are keys of its config.json.
    """

    def make(
        hot: str = "aws",
        cold: str = "aws",
        archive: str = "aws",
        devices: list[str] | None = None,
        chain: tuple[str, str] | None = None,
        **config: Any,
    ) -> Twin:
        folder = tmp_path_factory.mktemp("twin")
        write_twin(folder, f"twin-{next(_numbers)}", hot, cold, archive, devices or ["pump-1"], chain, **config)
        return Twin.load(folder)

    return make


def write_twin(
    folder: Path,
    name: str,
    hot: str,
    cold: str,
    archive: str,
    devices: list[str],
    chain: tuple[str, str] | None = None,
    **config: Any,
) -> None:
    """Write a twin's files; `chain`: the clouds of layers 1 and 2, None deploys no message chain."""
    l1, l2 = chain or (hot, hot)
    files: dict[str, Any] = {
        "config": {
            "digital_twin_name": name,
            "hot_storage_size_in_days": 30,
            "time_digits": 0,
            "cold_storage_size_in_days": 90,
            "mode": "test",
            "message_chain": chain is not None,
            **config,
        },
        "config_iot_devices": [{"id": device} for device in devices],
        "config_providers": {
            "layer_1_provider": l1,
            "layer_2_provider": l2,
            "layer_3_hot_provider": hot,
            "layer_3_cold_provider": cold,
            "layer_3_archive_provider": archive,
        },
    }
    for file, content in files.items():
        (folder / f"{file}.json").write_text(json.dumps(content))


def deploy(twin: Twin, session: Session) -> Plan:
    """Plan and apply the part on AWS; returns the plan that was applied."""
    wanted = plan(twin, session, clouds={"aws"})
    apply(wanted, session)
    return wanted


def saved_links(session: Session, twin: Twin) -> dict[str, Connection]:
    """The links as this session's file has them."""
    return session.link_file(twin).load()


def save_link(session: Session, twin: Twin, link: str, url: str, token: str) -> None:
    """Change this session's file by hand."""
    session.link_file(twin).change(link, {"url": url, "token": token})


def variables(twin: Twin, session: Session, function: str) -> dict[str, str]:
    """A deployed function's environment."""
    name = aws_of(session).names(twin.name).function(function)
    configuration = aws_of(session).client("lambda").get_function_configuration(FunctionName=name)
    found: dict[str, str] = configuration["Environment"]["Variables"]
    return found


def exists(twin: Twin, session: Session, function: str) -> bool:
    client = aws_of(session).client("lambda")
    try:
        client.get_function(FunctionName=aws_of(session).names(twin.name).function(function))
    except client.exceptions.ResourceNotFoundException:
        return False
    return True

"""A twin's first life under an older l3kit, which the caller puts first on PYTHONPATH: `old_version.py HOME TWIN`.

It deploys the twin into a running sandbox, moves readings into all tiers, and is killed while it moves more: their
chunk is in the cold tier, they themselves are still hot, and the lease is held. It uses only names that version 0.1.0
had.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import boto3

import l3kit
from l3kit import sandbox
from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.data.hot_store import DynamoHotStore
from l3kit.clouds.aws.data.stores import Place, open_feedback, open_hot, open_journal, open_objects, open_peers
from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.clouds.aws.names import AwsNames
from l3kit.operate.telemetry import put_telemetry
from l3kit.session import Session, sandbox_session
from l3kit.tiering.ports import Page
from l3kit.tiering.runtime.functions import Function, Run
from l3kit.tiering.settings.loading import load_settings
from l3kit.twin.layout import MOVERS

AT = "2026-05-10T00:00:00Z"
MOVER = "hot-to-cold-mover"
KILLED = 9


def main(home: Path, folder: Path) -> None:
    twin = l3kit.Twin.load(folder)
    session = sandbox_session(sandbox.ensure_up(home, clouds=twin.layout.clouds))
    opened = l3kit.OpenTwin(twin, session)
    opened.plan().apply()
    _write(session, twin, month=1)
    for mover in MOVERS:
        opened.run_mover(mover, time=AT)
    _write(session, twin, month=3)
    _write(session, twin, month=5)
    print(l3kit.__file__, flush=True)
    asyncio.run(_move_until_killed(session, twin.name))


def _write(session: Session, twin: Any, month: int) -> None:
    lines = [f'{{"iotDeviceId":"d","id":"2026-{month:02d}-0{day}T00:00:00Z","v":{day}.50}}' for day in range(1, 6)]
    put_telemetry(session, twin, [("d", line.encode()) for line in lines])


async def _move_until_killed(session: Session, twin: str) -> NoReturn:
    """Run the deployed mover, with its own settings and role, until it would delete what it has stored."""
    from l3kit.tiering.runtime.functions import Openers  # of version 0.1.0; the present one has them elsewhere

    class Killed(DynamoHotStore):
        async def delete_page(self, page: Page, sort_keys: Sequence[str], **more: Any) -> NoReturn:
            os._exit(KILLED)

    from l3kit.sandbox.state import ACCESS_KEY, SECRET_KEY  # where the old version has them

    keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
    function = AwsNames(twin, "", "us-east-1").function(MOVER)
    place = Place(
        "us-east-1", lambda: Credentials(ACCESS_KEY, SECRET_KEY, f"sandbox/{function}/old"), session.sandbox_endpoint
    )
    client = boto3.client("lambda", endpoint_url=session.sandbox_endpoint, region_name="us-east-1", **keys)
    deployed = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    openers = Openers(
        lambda name: Killed(open_hot(name, place)._table),
        lambda name: open_journal(name, place),
        lambda name, tier: open_objects(name, tier, place),
        peers=lambda names: open_peers(names, place),
        feedback=lambda name: open_feedback(name, place),
    )
    run = Run(datetime.fromisoformat(AT).isoformat(), "old", lambda: 900.0)
    await Function(load_settings(MOVER, deployed, cloud=VARIABLES), openers).move(run)
    sys.exit("the mover deleted nothing")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""`l3kit.open`: connect to the clouds of a twin."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from l3kit.notebook.progress import Bars, Silent
from l3kit.operate.open_twin import OpenTwin
from l3kit.session import connect
from l3kit.twin.config import Twin
from l3kit.twin.target import Target


def open(
    path: str | PathLike[str],
    target: Target = "sandbox",
    *,
    sandbox: str = "default",
    fresh: bool = False,
    progress: bool = True,
    **cloud_parameters: Any,
) -> OpenTwin:
    """Read a twin's files and connect to the clouds of its tiers.

    Use it in a `with` block, or call `close` at the end. Both stop a sandbox that was started for this twin alone
    (`fresh`); a shared one keeps running with its content for the next program or notebook.

    Args:
        path: the folder of the twin's files.
        target: `sandbox`, which is started if it is not running, or `live`, the real accounts of the twin's clouds.
        sandbox: name of the sandbox; `default` is that of `l3kit sandbox up`.
        fresh: sandbox only: start an empty one, and stop it at the end, or when this process ends.
        progress: show the progress of long steps.
        cloud_parameters: parameters that select a cloud's account, such as `aws_profile` and `aws_region`.
    Raises: ConfigurationError naming every problem of the files; SandboxError; PermissionMissingError.
    """
    config = Twin.load(Path(path))
    shows = Bars() if progress else Silent()
    steps = shows.steps("connect")
    session = connect(config, target, sandbox=sandbox, fresh=fresh, progress=steps, **cloud_parameters)
    return OpenTwin(config, session, sandbox if session.sandbox_home is not None else "", shows)

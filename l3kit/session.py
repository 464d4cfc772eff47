"""Connection of a notebook to the clouds of a twin: the sandbox, or real accounts."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from l3kit.clouds.ports.deployed_links import DeployedLinks, utc_now
from l3kit.errors import ConfigurationError, L3Error
from l3kit.twin.config import Twin
from l3kit.twin.connections import FILE as LINK_FILE
from l3kit.twin.connections import LinkFile
from l3kit.twin.layout import providers_of

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.sandbox import SandboxState

Target = Literal["sandbox", "aws"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Session:
    """Open clouds, passed to every operation together with the twin.

    Attributes:
        clouds: the clouds that this session reaches, by name.
        sandbox_home: the sandbox's folder; None on real clouds.
        sandbox_endpoint: the address of its gateway.
        private: this session started the sandbox empty and stops it at the end.
    """

    target: Target
    clouds: Mapping[str, Cloud]
    sandbox_home: Path | None = None
    sandbox_endpoint: str = ""
    private: bool = False

    def cloud(self, provider: str) -> Cloud | None:
        """Return a cloud; None if this session does not reach it. Raises: SandboxError if the sandbox has ended."""
        self.check_alive()
        return self.clouds.get(provider)

    def deploy_log(self, twin: Twin) -> Path:
        """Return the step log of apply: one file for each twin and account or sandbox; a new sandbox has none."""
        if self.sandbox_home is not None:
            return self.sandbox_home / "logs" / f"deploy-{twin.name}.jsonl"
        accounts = "-".join(cloud.account for cloud in self.clouds.values())
        return twin.path / ".l3kit" / f"deploy-{accounts}.jsonl"

    def link_file(self, twin: Twin) -> LinkFile:
        """Return the twin's link file: in its folder for real accounts, otherwise in the sandbox."""
        if self.sandbox_home is not None:
            from l3kit.sandbox.state import Home

            return LinkFile(Home(self.sandbox_home).twins / twin.name / LINK_FILE, sandbox=True)
        return LinkFile(twin.path / LINK_FILE)

    def links(self, twin: Twin, now: Callable[[], datetime] = utc_now) -> DeployedLinks:
        """Return the links between the twin's tiers, as this session sees them."""
        return DeployedLinks(twin, self.link_file(twin), self.cloud, now)

    def check_alive(self) -> None:
        """Check the sandbox. Raises: SandboxError if the sandbox, or a part of it, has ended; names the part."""
        if self.sandbox_home is not None:
            from l3kit.sandbox.death import death_of

            death = death_of(self.sandbox_home, self.sandbox_endpoint)
            if death is not None:
                raise death

    @contextmanager
    def attended(self) -> Iterator[None]:
        """Use the session's clouds; a failure caused by the end of the sandbox is reported as such.

        Raises: SandboxError with the name of the part that has ended.
        """
        self.check_alive()
        try:
            yield
        except L3Error:
            self.check_alive()
            raise

    def close(self) -> None:
        """Stop the sandbox if it is private to this session; otherwise there is nothing to close."""
        if self.private and self.sandbox_home is not None:
            from l3kit import sandbox

            sandbox.down(self.sandbox_home)


def connect(
    twin: Twin,
    target: Target = "sandbox",
    *,
    region: str = "us-east-1",
    profile: str = "",
    sandbox: str = "default",
    fresh: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> Session:
    """Open a session.

    Args:
        target: `sandbox` starts the emulators if they are not running; `aws` is the real account.
        sandbox: name of an independent sandbox; `default` is that of `l3kit sandbox up`.
        fresh: sandbox only: start with an empty one, and stop it when the session is closed or this process ends.
        progress: called with a description of each step, finally with `done`.
    Raises: SandboxError, PermissionMissingError, ConfigurationError.
    """
    if target == "aws":
        from l3kit.clouds.aws.cloud import AwsCloud
        from l3kit.clouds.aws.session import open_account

        progress("asking whose credentials these are")
        session = Session("aws", {"aws": AwsCloud(open_account(region, profile))})
        progress("done")
        return session
    if target != "sandbox":
        raise ConfigurationError("target", f"{target!r} is not allowed", "Allowed: sandbox, aws")
    from l3kit import sandbox as emulators

    home = sandbox_home(sandbox)
    progress("looking for the sandbox")
    if fresh:
        emulators.down(home)
    state = emulators.ensure_up(home, progress, clouds=providers_of(twin), owner=os.getpid() if fresh else None)
    progress("done")
    return sandbox_session(state, private=fresh)


def sandbox_session(state: SandboxState, *, private: bool = False) -> Session:
    """Open a session on a running sandbox; it reaches AWS, and the other clouds that have been started there."""
    from l3kit.sandbox.sessions import clouds_of

    return Session("sandbox", clouds_of(state), state.home, state.aws_endpoint, private)


def reached(session: Session, provider: str, what: str) -> Cloud:
    """Return the cloud of a resource. Raises: ConfigurationError if this session does not reach it."""
    cloud = session.cloud(provider)
    if cloud is None:
        raise ConfigurationError(what, f"is on {provider}, which this session does not reach", 'Use target "sandbox"')
    return cloud


def sandbox_home(name: str) -> Path:
    """Return the folder of the sandbox of that name. Raises: SandboxError for an invalid name."""
    from l3kit.sandbox import homes

    return homes.sandbox_home(name)

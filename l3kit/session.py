"""Connection of a notebook to the clouds of a twin: the sandbox, or real accounts."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l3kit.clouds.ports.deployed_links import DeployedLinks, utc_now
from l3kit.errors import ConfigurationError, L3Error
from l3kit.extras import require_extra
from l3kit.providers import provider as provider_of
from l3kit.twin.config import Twin
from l3kit.twin.connections import FILE as LINK_FILE
from l3kit.twin.connections import LinkFile
from l3kit.twin.target import Target, check_cloud_parameters, target_fault

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.sandbox import SandboxState

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Session:
    """Open clouds, passed to every operation together with the twin.

    Attributes:
        clouds: the clouds that this session reaches, by name: those that the twin uses.
        sandbox_home: the sandbox's folder; None on real clouds.
        sandbox_endpoint: the address of its gateway.
        private: this session started the sandbox empty and stops it at the end.
        others: opens a cloud that the twin does not use, if the sandbox has started it.
    """

    target: Target
    clouds: Mapping[str, Cloud]
    sandbox_home: Path | None = None
    sandbox_endpoint: str = ""
    private: bool = False
    others: Callable[[str], Cloud | None] = field(default=lambda provider: None, repr=False)

    def cloud(self, provider: str) -> Cloud | None:
        """Return a cloud; None if this session does not reach it. Raises: SandboxError if the sandbox has ended."""
        self.check_alive()
        return self.clouds.get(provider)

    def any_cloud(self, provider: str) -> Cloud | None:
        """Return a cloud as `cloud` does; in a sandbox also one that the twin does not use, or no longer."""
        return self.cloud(provider) or self.others(provider)

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
            from l3kit.sandbox.stop_reason import stop_reason

            reason = stop_reason(self.sandbox_home, self.sandbox_endpoint)
            if reason is not None:
                raise reason

    @contextmanager
    def watching_sandbox(self) -> Iterator[None]:
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
    sandbox: str = "default",
    fresh: bool = False,
    progress: Callable[[str], None] = lambda text: None,
    **cloud_parameters: Any,
) -> Session:
    """Open a session.

    Args:
        target: `sandbox` starts the emulators if they are not running; `live` is the real accounts of the twin's
            clouds, as far as l3kit reaches them.
        sandbox: name of an independent sandbox; `default` is that of `l3kit sandbox up`.
        fresh: sandbox only: start with an empty one, and stop it when the session is closed or this process ends.
        progress: called with a description of each step, finally with `done`.
        cloud_parameters: select the account of a cloud, by the cloud's own parameters; unused in a sandbox.
    Raises: SandboxError, PermissionMissingError, ConfigurationError.
    """
    if fault := target_fault(target):
        raise ConfigurationError("target", f"{target!r} {fault}", "Nothing was done")
    given = check_cloud_parameters(cloud_parameters)
    if target == "live":
        return _live_session(twin, given, progress)
    from l3kit import sandbox as emulators

    home = sandbox_home(sandbox)
    progress("connecting to the sandbox")
    if fresh:
        emulators.down(home)
    state = emulators.ensure_up(home, progress, clouds=twin.layout.clouds, owner=os.getpid() if fresh else None)
    progress("done")
    return sandbox_session(state, twin.layout.clouds, private=fresh)


def _live_session(twin: Twin, given: Mapping[str, str], progress: Callable[[str], None]) -> Session:
    """Open the real accounts. Raises: ConfigurationError if l3kit reaches the twin's clouds in the sandbox only."""
    openers = {name: (cloud, cloud.open_live) for name in twin.layout.clouds if (cloud := provider_of(name)).open_live}
    if not openers:
        titles = " and ".join(provider_of(name).title for name in twin.layout.clouds)
        raise ConfigurationError(
            f"twin {twin.name}",
            f"is on {titles}, which l3kit reaches in the sandbox only, not yet as a real account; nothing was done",
            'Use the target "sandbox"',
        )
    for name, (cloud, _) in openers.items():
        if cloud.extra:
            require_extra(cloud.extra, f"cloud {name}")
    progress("checking the credentials")
    clouds = {
        name: opener({one.name: given.get(one.name, one.default) for one in cloud.parameters})
        for name, (cloud, opener) in openers.items()
    }
    progress("done")
    return Session("live", clouds)


def sandbox_session(state: SandboxState, clouds: Collection[str] | None = None, *, private: bool = False) -> Session:
    """Open a session on a running sandbox.

    Args:
        clouds: the clouds that it reaches, which must be started; None for all started ones.
    """
    from l3kit.sandbox.cloud import open_clouds, open_if_started

    opened = open_clouds(state, state.clouds if clouds is None else clouds)
    others = partial(open_if_started, state.home)
    return Session("sandbox", opened, state.home, state.gateway, private, others)


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

"""A function's environment, read and validated against the table."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from l3kit.errors import ConfigurationError, MissingConnectionError
from l3kit.tiering.link_auth import TOKEN, Authentication
from l3kit.tiering.receiver_limit import (
    BYTES_VARIABLE,
    COUNTS_VARIABLE,
    MAX_LIMIT_BYTES,
    SMALLEST_LIMIT,
    ReceiverLimit,
)
from l3kit.tiering.settings.function_table import (
    DEFAULT_SECONDS,
    FUNCTIONS,
    MAX_SECONDS,
    TIMEOUT_VARIABLE,
    CloudVariables,
    StoreName,
    peers_of,
)
from l3kit.tiering.settings.tuning import DEFAULT_TUNING, Tuning, whole_number
from l3kit.tiering.settings.twin_info import (
    ARCHIVE_DAYS,
    TwinInfo,
    is_multi_cloud,
    layer_1_is_apart,
    sends_feedback,
)
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE, FormerToken, Secret, parse_former

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """The validated settings of one function.

    Attributes:
        remote_url: set only in multi-cloud mode.
        receiver_limit: the request limit of the writer at `remote_url`.
        former: former tokens of a function that takes a token, each valid until its expiry.
        seconds: a mover's time limit, on clouds that do not pass it with each call.
        auth: how a sender authenticates its requests, or what a receiver accepts.
        peers: the deployed name or address of each function that it calls, by the function's name.
        root: folder of the packaged code.
    """

    function: str
    provider: str
    twin: TwinInfo
    stores: Mapping[StoreName, str]
    remote_url: str | None = None
    token: Secret = field(default_factory=lambda: Secret(""))
    former: tuple[FormerToken, ...] = ()
    tuning: Tuning = DEFAULT_TUNING
    seconds: int = DEFAULT_SECONDS
    receiver_limit: ReceiverLimit = SMALLEST_LIMIT
    auth: Authentication = TOKEN
    peers: Mapping[str, str] = field(default_factory=dict, repr=False)
    root: Path = Path()

    @property
    def takes_token(self) -> bool:
        """True if the function answers HTTP requests with a token: a receiver, or a reader with an address."""
        return _takes_token(self.function, self.twin)


def load_settings(
    function: str, env: Mapping[str, str], *, cloud: CloudVariables, root: Path | None = None
) -> Settings:
    """Read and validate a function's variables.

    Args:
        env: usually os.environ.
        cloud: the variables of the cloud that the function runs on.
        root: folder of the packaged code, which may contain DIGITAL_TWIN_INFO as a file, and the twin's processors.
    Raises: ConfigurationError (a RuntimeError) naming the variable; MissingConnectionError (a ValueError) for a
        sender with a url but no token. A function that takes a token and has none starts, and answers every request
        with 403.
    """
    spec = FUNCTIONS[function]
    names = cloud.stores
    twin = TwinInfo.parse(env.get("DIGITAL_TWIN_INFO"), root=root)
    url = env.get(spec.remote_url, "") if spec.remote_url else ""
    next_layer = spec.sends_to or spec.target
    remote = bool(next_layer and is_multi_cloud(url, twin, spec.tier, next_layer))
    if spec.sends_to and not remote and _must_send(function, twin):
        raise MissingConnectionError(
            f"{function}: {spec.remote_url}", "is blank, or its cloud is this one", "Apply the twin again to inject it"
        )
    if spec.role == "expirer" and twin.archive_days is None:
        cause = f"config.{ARCHIVE_DAYS} is missing, so nothing expires"
        raise ConfigurationError("DIGITAL_TWIN_INFO", cause, f"Apply the twin again, which removes {function}")
    needed = [*spec.stores, *([spec.target] if spec.target and not remote else [])]
    stores = {resource: _require(env, names[resource], function) for resource in needed}
    if (optional := spec.optional_store) and all(
        env.get(name, "").strip() for name in (names[optional], *cloud.places.get(optional, ()))
    ):  # functions deployed by an older version lack them
        stores[optional] = env[names[optional]].strip()
    for resource in needed:
        for name in cloud.places.get(resource, ()):
            _require(env, name, function)
    for name in sorted(cloud.further(spec)):
        _require(env, name, function)
    token = Secret(env.get(TOKEN_VARIABLE, ""))
    former = _former(env) if _takes_token(function, twin) else ()
    if remote and not token:
        raise MissingConnectionError(
            f"{function}: {TOKEN_VARIABLE}",
            f"is blank although {spec.remote_url} is set",
            "Apply the twin again to inject it",
        )
    seconds = whole_number(env, TIMEOUT_VARIABLE, DEFAULT_SECONDS, 1, MAX_SECONDS)
    url = url.strip()
    tuning = Tuning.from_env(env)
    limit = _receiver_limit(env) if remote else SMALLEST_LIMIT
    auth = Authentication.from_env(env) if remote or spec.token else TOKEN
    peers = {peer: _require(env, cloud.peers[peer], function) for peer in _peers(function, twin)}
    return Settings(
        function,
        cloud.provider,
        twin,
        stores,
        url if remote else None,
        token,
        former,
        tuning,
        seconds,
        limit,
        auth,
        peers,
        root or Path(),
    )


def _must_send(function: str, twin: TwinInfo) -> bool:
    """Return whether a function that sends to a layer cannot do without its receiver."""
    return function != "event-checker" or (sends_feedback(twin) and layer_1_is_apart(twin))


def _takes_token(function: str, twin: TwinInfo) -> bool:
    spec = FUNCTIONS[function]
    return spec.token or (spec.role == "reader" and twin.reader_urls)


def _peers(function: str, twin: TwinInfo) -> tuple[str, ...]:
    apart = function == "dispatcher" and layer_1_is_apart(twin)
    return peers_of(function, l1_apart=apart, events=bool(twin.events))


def _receiver_limit(env: Mapping[str, str]) -> ReceiverLimit:
    """Read the receiver's limit. Raises: ConfigurationError naming variable, value and range."""
    least = SMALLEST_LIMIT.max_bytes
    if not env.get(BYTES_VARIABLE, "").strip():
        return SMALLEST_LIMIT
    counts = env.get(COUNTS_VARIABLE, "").strip() or SMALLEST_LIMIT.counts
    if counts not in ("body", "event"):
        raise ConfigurationError(COUNTS_VARIABLE, f"{counts!r} is not allowed", "Allowed: body, event")
    return ReceiverLimit(whole_number(env, BYTES_VARIABLE, least, least, MAX_LIMIT_BYTES), counts)  # type: ignore[arg-type]


def _former(env: Mapping[str, str]) -> tuple[FormerToken, ...]:
    try:
        return parse_former(env.get(FORMER_VARIABLE, ""))
    except ValueError as error:  # the current token is valid all the same
        log.error("%s %s: no former token is accepted; apply the twin again", FORMER_VARIABLE, error)
        return ()


def _require(env: Mapping[str, str], name: str, function: str) -> str:
    value = env.get(name, "")
    if not value.strip():
        raise ConfigurationError(
            name,
            f"{function} requires this environment variable, and it is missing or blank",
            "Apply the twin again; l3kit injects it",
        )
    return value.strip()

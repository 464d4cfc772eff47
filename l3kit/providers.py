"""Registry of clouds by name: the module of each, and its properties that are known without opening it.

No other module decides by a cloud's name: it uses the properties of the `Provider` found here.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

from l3kit.errors import ConfigurationError
from l3kit.extras import missing_module
from l3kit.tiering.receiver_limit import ReceiverLimit
from l3kit.tiering.settings.function_table import CloudVariables
from l3kit.tiering.settings.late_modules import CloudModules

ENTRY_POINTS = "l3kit.clouds"
"""Entry point group by which an installed package adds a cloud: its name, and `module:attribute`."""
BUILT_IN = {
    "aws": "l3kit.clouds.aws.provider:PROVIDER",
    "azure": "l3kit.clouds.azure.provider:PROVIDER",
    "gcp": "l3kit.clouds.gcp.provider:PROVIDER",
}
ALIASES = {"google": "gcp"}
"""Alternative names that a twin's files may use."""

Service = tuple[str, str]
"""Service and tier, as the price book names them."""
Operation = Literal["put", "copy", "get", "head", "list", "delete"]
ObjectTier = Literal["cold", "archive", "staging"]
HotForm = Literal["capacity units", "request units", "documents"]
"""Billing unit of a database: KB written and read, request units by size, or documents of any size."""

PartName = Literal["permissions", "price list", "first light", "item size", "retention", "alarms"]
"""Optional parts of a cloud, each needed by some commands only."""
_LACKING: Mapping[PartName, str] = {
    "permissions": "has no table of its operators' permissions yet",
    "price list": "has no price list that l3kit can read yet",
    "first light": "has no first-light run yet",
    "retention": "does not say what it keeps of deleted data",
    "item size": "does not say as how large its database bills an item",
    "alarms": "has no alarms yet",
}


@dataclass(frozen=True, slots=True)
class CloudParameter:
    """A string parameter that only one cloud takes.

    Attributes:
        name: begins with the cloud's name and an underscore.
        meaning: one-line description for tables of parameters.
        default: its value if none is given.
        fault: returns why a value is invalid; None if it is valid.
        former: its name in l3kit 0.1.0; empty if it had none.
    """

    name: str
    meaning: str
    default: str
    fault: Callable[[str], str | None]
    former: str = ""


@dataclass(frozen=True, slots=True)
class Billing:
    """The way a cloud bills a twin, by the services of the price book.

    Attributes:
        hot: the database of items, and its billing unit.
        objects: the storage class of each tier; `staging` is that of parts and reports.
        requests: the price of each operation. A copy is billed at its target's class.
        memory_mb: of each function, as deployed.
        cpu_apart: whether a function's CPU time is billed separately from its memory.
        scheduler: the service that starts the movers.
        bills_jobs: whether the scheduler bills jobs per month instead of starts.
        counts_units: whether its adapters count the database's billed units.
        default_region: the region used if none is named.
        price_list: its prices, a file in the form of l3kit's own; None if l3kit has them.
        restores_by_speed: whether archived objects are restored to a copy first, at a price for each speed.
        watching: what has alarms and metrics; None where l3kit offers no alarms.
    """

    hot: Service
    hot_form: HotForm
    objects: Mapping[ObjectTier, Service]
    requests: Mapping[Operation, str]
    memory_mb: Mapping[str, int]
    functions: Service
    logs: Service
    scheduler: Service
    default_region: str
    price_list: Path | None = None
    cpu_apart: bool = False
    bills_jobs: bool = False
    counts_units: bool = False
    restores_by_speed: bool = False
    watching: Service | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """Properties of a cloud.

    Attributes:
        title: display name.
        extra: the l3kit extra that installs its dependencies; empty for a cloud of another package.
        variables: names of the environment variables of its functions.
        receiver_limit: maximum size of a request to one of its functions.
        device_fault: why its hot store cannot hold a device of this id; None if it can.
        key_fault: why its object store cannot hold an object of this key; None if it can.
        native_schedule: converts a twin's schedule to its scheduler's, in EventBridge's format.
            Raises: ConfigurationError if the scheduler cannot express it.
        answers_devices: whether its layer 1 can send a message back to a device.
        calls_by_name: whether a function of its layer 2 can call another by name; all clouds can call by url.
        billing: the services that it bills; None if l3kit has no prices for it.
        late_modules: modules that only some of its functions use.
        packed: files that the zip of each function needs besides its code.
        parameters: parameters of this cloud alone.
        open_live: opens a `Cloud` on the real account that these parameters (all of them, by name) select; None if
            l3kit reaches this cloud in the sandbox only. Raises: PermissionMissingError if the account refuses.
        sandbox: its `l3kit.sandbox.cloud.SandboxCloud` as `module:attribute`, which only a sandbox loads; empty if none
            can run it.
        shell_variables: prefixes of the environment variables that its clients and emulators read; a sandbox's
            processes inherit none of them from the shell.
        parts: `module:attribute` of what only some commands need, which they load: the port `OperatorPermissions`, the
            port `PriceList`, the port `FirstLight`, the port `Alarms`, a function from an item to the bytes that its
            database bills.
        restore_hours: hours from a request until an archived object can be read; 0 if it can be read at once.
        ci_login: steps of a GitHub workflow, as YAML, that log in to it; empty if there is none.
        ci_trust: how they do so without a stored key, as a clause; empty if there are none.
    """

    name: str
    title: str
    extra: str
    device_fault: Callable[[str], str | None]
    key_fault: Callable[[str], str | None]
    native_schedule: Callable[[str], str]
    variables: CloudVariables
    receiver_limit: ReceiverLimit
    answers_devices: bool = False
    calls_by_name: bool = False
    billing: Billing | None = None
    late_modules: CloudModules = field(default_factory=dict)
    packed: Mapping[str, bytes] = field(default_factory=dict)
    parameters: tuple[CloudParameter, ...] = ()
    open_live: Callable[[Mapping[str, str]], Any] | None = None
    sandbox: str = ""
    shell_variables: tuple[str, ...] = ()
    parts: Mapping[PartName, str] = field(default_factory=dict)
    ci_login: str = ""
    ci_trust: str = ""
    restore_hours: int = 0


def provider(name: str) -> Provider:
    """Return the cloud of that name. Raises: ConfigurationError if it is unknown, or its dependencies are missing."""
    path = BUILT_IN.get(name) or _added(tuple(sys.path)).get(name)
    if path is None:
        raise ConfigurationError(f"cloud {name!r}", "is not known", f"Known are {', '.join(names())}")
    return _load(name, path)


def part(cloud: str, name: PartName) -> Any:
    """Load a part of a cloud. Raises: ConfigurationError if the cloud is unknown or lacks that part."""
    found = provider(cloud)
    if name not in found.parts:
        raise ConfigurationError(found.title, _LACKING[name], f"Clouds that have it: {', '.join(names_with(name))}")
    return _attribute(cloud, found.parts[name])


def billing_of(name: str) -> Billing:
    """Return the cloud's billing. Raises: ConfigurationError if l3kit has no prices for it."""
    found = provider(name).billing
    if found is None:
        raise ConfigurationError(f"cloud {name}", "has no prices", "Exclude it from pricing")
    return found


def names() -> tuple[str, ...]:
    """Return the names of all clouds, those of other packages last."""
    return (*BUILT_IN, *_added(tuple(sys.path)))


def priced_names() -> tuple[str, ...]:
    """Return the names of the clouds that have prices."""
    return tuple(name for name in names() if provider(name).billing)


def names_with(name: PartName) -> tuple[str, ...]:
    """Return the names of the clouds that have this part."""
    return tuple(cloud for cloud in names() if name in provider(cloud).parts)


def is_known(name: str) -> bool:
    """Return whether there is a cloud of that name. Other packages are searched only if it is not built in."""
    return name in BUILT_IN or name in _added(tuple(sys.path))


@cache
def _added(import_path: tuple[str, ...]) -> dict[str, str]:
    """Search the installed packages, and repeat the search if the import path has changed."""
    return dict(_sorted_entries())


def _sorted_entries() -> Iterator[tuple[str, str]]:
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        if entry.name not in BUILT_IN:
            yield entry.name, entry.value


@cache
def _load(name: str, path: str) -> Provider:
    found = _attribute(name, path)
    if not isinstance(found, Provider):
        raise ConfigurationError(f"cloud {name}", f"{path} is not a Provider", "Report it to the package's maintainer")
    return found


def _attribute(cloud: str, path: str) -> Any:
    module, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        remedy = missing_module(str(error.name)).remedy
        raise ConfigurationError(f"cloud {cloud}", f"needs {error.name}, which is not installed", remedy) from None

"""The target of a deployment, and the parameters that belong to one cloud. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from l3kit.errors import ConfigurationError
from l3kit.given_values import did_you_mean
from l3kit.providers import BUILT_IN, CloudParameter, is_known, names, provider

Target = Literal["sandbox", "live"]
TARGETS: tuple[Target, ...] = get_args(Target)
TARGET_MEANING = "sandbox: emulators on this machine; live: the twin's real accounts"


def target_fault(value: object) -> str | None:
    """Return why this is not a target; None if it is one."""
    if value in TARGETS:
        return None
    if isinstance(value, str) and is_known(value):
        return "is a cloud, not a target; the target for real accounts is now called live"
    return f"is not allowed; allowed are {' and '.join(TARGETS)}"


def cloud_parameter(name: str) -> CloudParameter | None:
    """The parameter of that name, from the cloud with its prefix; None if no cloud has it."""
    cloud = next((one for one in names() if name.startswith(f"{one}_")), None)
    return None if cloud is None else next((one for one in provider(cloud).parameters if one.name == name), None)


def cloud_parameter_fault(parameter: CloudParameter, value: object) -> str | None:
    """Return why the parameter cannot have this value; None if it can."""
    return parameter.fault(value) if isinstance(value, str) else "should be text"


def built_in_parameters() -> tuple[CloudParameter, ...]:
    """All parameters of single built-in clouds."""
    return tuple(parameter for cloud in BUILT_IN for parameter in provider(cloud).parameters)


def new_name(name: str) -> str | None:
    """The current name of a parameter of l3kit 0.1.0; None if it has not been renamed."""
    return next((one.name for one in built_in_parameters() if one.former == name), None)


def unknown_parameter(name: str, of: str, others: Iterable[str] = ()) -> str:
    """Describe an unknown parameter: its new name, or the nearest known name.

    Args:
        of: what does not have it.
        others: the cloud-independent parameters.
    """
    if new := new_name(name):
        return f"is now called {new}"
    known = [*others, *(one.name for one in built_in_parameters())]
    return f"is not a parameter of {of}; {did_you_mean(name, known)}"


def check_cloud_parameters(given: Mapping[str, object]) -> dict[str, str]:
    """Return the clouds' parameters, checked by the clouds. Raises: ConfigurationError naming each invalid one."""
    checked, problems = {}, []
    for name, value in given.items():
        parameter = cloud_parameter(name)
        if parameter is None:
            problems.append(f"{name}: {unknown_parameter(name, 'any cloud')}")
        elif fault := cloud_parameter_fault(parameter, value):
            problems.append(f"{name} = {value!r}: {fault}")
        else:
            checked[name] = str(value)
    if problems:
        raise ConfigurationError("parameters", "; ".join(problems), "Nothing was done")
    return checked

"""The extras of an installation: their modules, and the error for a missing one."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Callable, Mapping
from importlib.resources import files

from l3kit.errors import ConfigurationError

MODULES: Mapping[str, tuple[str, ...]] = {
    extra: tuple(modules)
    for extra, modules in tomllib.loads(files(__package__).joinpath("extras.toml").read_text("utf-8")).items()
}
"""Modules by the extra that installs them; those of the empty name come with l3kit itself."""


def extra_of(module: str) -> str | None:
    """Return the extra that installs a module: empty for l3kit's own, None for one that l3kit does not use."""
    for extra, modules in MODULES.items():
        if any(_is_in(module, known) or _is_in(known, module) for known in modules):
            return extra
    return None


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def install_command(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install 'l3kit[{extra}]'"


def missing_module(module: str) -> ConfigurationError:
    """Return the error for a module that is not installed, by the name that `ModuleNotFoundError` has."""
    extra = extra_of(module)
    if extra is None:
        remedy = "Install the package that has it where l3kit is installed"
    else:
        remedy = f"Install it: {install_command(extra) if extra else f'pip install {module}'}"
    return ConfigurationError(f"module {module}", "is not installed", remedy)


def is_installed(module: str) -> bool:
    """Return whether a module can be found; it is not loaded."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package that it is part of
        return False


def require_extra(extra: str, user: str, installed: Callable[[str], bool] = is_installed) -> None:
    """Check, before anything is created, that an extra is installed.

    Args:
        user: the feature that needs it, e.g. `cloud azure`.
    Raises: ConfigurationError with the missing modules and the command that installs them.
    """
    missing = [module for module in MODULES[extra] if not installed(module)]
    if missing:
        cause = f"needs {', '.join(missing)}, not installed; nothing was done"
        raise ConfigurationError(user, cause, f"Install the extra: {install_command(extra)}")

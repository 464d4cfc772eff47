"""Names and values given by users, in a file or a notebook: reading them, and errors about them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l3kit.errors import ConfigurationError
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


HIDDEN = "hidden"
"""Type of pydantic's finding about a value that is not shown, since it may hold a secret."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a remedy for an unknown name: the nearest known one, or all of them."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"


def first_and_nearest(name: str, known: Sequence[str], most: int = 20) -> str:
    """Return the first of many known names, the number of the others, and the nearest to an unknown one."""
    more = f" and {len(known) - most:,} more" if len(known) > most else ""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return ", ".join(known[:most]) + more + (f"; did you mean {near[0]}?" if near else "")


def check_known(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Check names. Raises: ConfigurationError for the first unknown one, with the nearest known name."""
    names = list(known)
    for name in given:
        if name not in names:
            raise ConfigurationError(f"{what}: {name}", "is not known", did_you_mean(name, names))


def problem_in(finding: ErrorDetails, unknown: Callable[[str], str]) -> str:
    """Return a finding of pydantic as one line: name, value and what is allowed.

    Args:
        unknown: returns the problem with a name that the model does not have.
    """
    name = ".".join(map(str, finding["loc"]))
    if finding["type"] == "extra_forbidden":
        return f"{name}: {unknown(name)}"
    if finding["type"] == "missing":
        return f"{name}: is missing"
    message = finding["msg"]
    if finding["type"] == HIDDEN:
        return f"{name}: {message}"
    if finding["type"] == "value_error":
        message = message.removeprefix("Value error, ")
    else:
        message = f"{message[0].lower()}{message[1:]}"
    if isinstance(finding["input"], dict):  # it may hold a secret; the message names its key
        return f"{name}: {message}" if name else message
    return f"{name} = {finding['input']!r}: {message}" if name else message


def all_problems(what: str, problems: Sequence[str]) -> ConfigurationError:
    """Return an error that lists all problems, one per line."""
    lines = "\n".join(f"  {problem}" for problem in problems)
    return ConfigurationError(what, f"{count_of(len(problems), 'problem')}:\n{lines}", "\nNothing was done")


def read_yaml(path: Path, loader: Any = None) -> Any:
    """Read a YAML file. Raises: ConfigurationError naming the file.

    Args:
        loader: None for PyYAML's safe one.
    """
    import yaml

    try:
        return yaml.load(path.read_text("utf-8"), Loader=loader or yaml.SafeLoader)
    except OSError as error:
        raise ConfigurationError(path.name, f"cannot be read ({error.strerror})", "Name a file that exists") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationError(path.name, f"is not YAML ({' '.join(str(error).split())})") from None


def read_table(path: Path) -> Mapping[str, Any]:
    """Read a YAML file of names and values. Raises: ConfigurationError naming the file."""
    content = read_yaml(path)
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise ConfigurationError(path.name, "is not a table of names and values")
    return content


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Name the file in errors about its values."""
    try:
        yield
    except ConfigurationError as error:
        raise ConfigurationError(f"{path.name}: {error.resource}", error.cause, error.remedy) from None

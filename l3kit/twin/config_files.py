"""Reading of a twin's config files, with all problems collected instead of raised."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from l3kit.given_values import did_you_mean, problem_in
from l3kit.tiering.stream.events import Event, parse_events

M = TypeVar("M", bound=BaseModel)

UNREADABLE = object()
"""Marks a missing file, unlike one that holds `null`, which is a different problem."""


class StrictModel(BaseModel):
    """One config file: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def load_json(folder: Path, name: str, problems: list[str]) -> Any:
    """Load a JSON file. A byte order mark, as written by Windows editors, is ignored."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [key for key, _ in pairs]
        problems.extend(f"{name}: {key}: occurs twice" for key in dict.fromkeys(names) if names.count(key) > 1)
        return dict(pairs)

    try:
        return json.loads((folder / name).read_text("utf-8-sig"), object_pairs_hook=unique)
    except FileNotFoundError:
        problems.append(f"{name}: the file is missing")
    except json.JSONDecodeError as error:
        problems.append(f"{name}: line {error.lineno}, column {error.colno}: {error.msg}")
    except (OSError, ValueError, RecursionError) as error:
        problems.append(f"{name}: cannot be read ({type(error).__name__})")
    return UNREADABLE


def parse_file(folder: Path, name: str, model: type[M], problems: list[str]) -> M | None:
    """Load a file that has one object; None after a problem."""
    content = load_json(folder, name, problems)
    if content is UNREADABLE:
        return None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems += [f"{name}: {text}" for text in model_problems(error, model)]
        return None


def load_events(folder: Path, name: str, devices: Collection[str], problems: list[str]) -> tuple[Event, ...]:
    """Load the optional file of events. `devices`: permitted receivers of feedback."""
    try:
        if not (folder / name).exists():
            return ()
    except OSError as error:
        problems.append(f"{name}: cannot be read ({error.strerror})")
        return ()
    content = load_json(folder, name, problems)
    if content is UNREADABLE:
        return ()
    if not isinstance(content, list):
        problems.append(f"{name}: must be a list of objects")
        return ()
    events, found = parse_events(content, devices)
    problems += [f"{name}: {problem}" for problem in found]
    return events


def model_problems(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return pydantic's findings, one line each."""

    def unknown(key: str) -> str:
        return f"is not a known key; {did_you_mean(key, model.model_fields)}"

    return [problem_in(finding, unknown) for finding in error.errors()]

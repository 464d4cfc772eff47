"""A new project's notebooks and params files, derived from those that l3kit ships."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from l3kit.errors import ConfigurationError
from l3kit.new_project.choices import TWIN_FOLDER, Choices
from l3kit.new_project.rewriting import parameters_cell, params_file, without_local_links
from l3kit.providers import provider
from l3kit.twin.target import built_in_parameters

NOTEBOOKS = ("deploy_l3", "run_movers", "verify_connections", "query_tiers", "letters", "operations", "destroy_l3")
"""Notebooks for any twin, `letters` for one with a message chain; the others are about the examples."""
PLACES = {"sandbox": "In the sandbox", "live": "On real accounts"}
_CAREFUL: dict[str, dict[str, Any]] = {
    "deploy_l3": {"apply_changes": False},
    "destroy_l3": {"apply_changes": False, "data": False, "confirm": ""},
}
"""Values for real accounts, with which nothing changes unless the user edits them."""


def notebooks_of(choices: Choices) -> tuple[str, ...]:
    """Return the notebooks of this twin."""
    return tuple(name for name in NOTEBOOKS if choices.message_chain or name != "letters")


def notebook_files(choices: Choices, source: Path) -> Iterator[tuple[str, str]]:
    """Yield the path below the project and the text of each notebook.

    Args:
        source: the folder of the shipped notebooks.
    Raises: ConfigurationError if one is missing.
    """
    for name in notebooks_of(choices):
        content = json.loads(_shipped(source / f"{name}.ipynb"))
        values = {**_values(name, choices), "target": "sandbox", "apply_changes": True, **_foreign_parameters(choices)}
        for number, cell in enumerate(content["cells"]):
            text = "".join(cell["source"])
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
                text = parameters_cell(text, values) if number == 1 else text
            else:
                text = without_local_links(text)
            cell["source"] = text.splitlines(keepends=True)
        yield f"notebooks/{name}.ipynb", json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def params_files(choices: Choices, source: Path) -> Iterator[tuple[str, str]]:
    """Yield the path below the project and the text of each params file, for the sandbox and for real accounts."""
    for name in notebooks_of(choices):
        for target, place in PLACES.items():
            values = {**_values(name, choices), "target": target, **_foreign_parameters(choices)}
            values |= _CAREFUL.get(name, {}) if target == "live" else {"confirm": choices.name}
            file = f"{name}.{target}.yaml"
            head = f"{place}: papermill notebooks/{name}.ipynb build/{name}.ipynb -f params/{file}"
            yield f"params/{file}", params_file(_shipped(source / file), values, head)


def _values(notebook: str, choices: Choices) -> dict[str, Any]:
    return {
        "twin": TWIN_FOLDER,
        "sandbox": choices.name,
        "fresh": False,
        "prepare": False,
        "as_of": "",
        "device": "" if notebook == "letters" else choices.devices[0],
        "quantity": choices.quantity,
        "unit": "",
        "restore": False,
        "history_days": 30,
        "replay_days": 0,
        "replay_every_days": 1,
        "data": False,
        "confirm": "",
    }


def _foreign_parameters(choices: Choices) -> dict[str, None]:
    """Omit parameters of clouds that the twin does not use."""
    used = {parameter.name for cloud in choices.used for parameter in provider(cloud).parameters}
    return {parameter.name: None for parameter in built_in_parameters() if parameter.name not in used}


def _shipped(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(path.name, f"cannot be read ({error.strerror})", "Install l3kit again") from None

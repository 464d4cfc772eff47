"""docs/reference/configuration.md agrees with the models: every key and parameter is there, and its examples load."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from l3kit.twin.config import CONFIG, EVENTS, PROVIDER_FILE, Config, Twin
from l3kit.twin.connections import FILE, load_connections
from l3kit.twin.devices import DEVICES, Device
from l3kit.twin.provider_choice import Providers
from l3kit.twin.target import built_in_parameters
from tests.support.notebook_models import MODELS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "configuration.md").read_text("utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def example(title: str) -> str:
    (found,) = re.findall(r"```(?:json)?\n(.+?)```", section(title), re.DOTALL)
    return str(found)


def table(title: str) -> list[list[str]]:
    rows = [line.strip("| ").split(" | ") for line in section(title).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def shown(default: object) -> object:
    return "true" if default is True else default


@pytest.mark.parametrize(("file", "model"), [(CONFIG, Config), (DEVICES, Device), (PROVIDER_FILE, Providers)])
def test_every_key_is_listed_with_its_default(file: str, model: type[BaseModel]) -> None:
    defaults = {
        f"`{name}`": "required" if field.is_required() else f"`{shown(field.default)}`" if field.default else "none"
        for name, field in model.model_fields.items()
    }
    assert {row[0]: row[-1] for row in table(file)} == defaults


def test_the_examples_are_a_twin(tmp_path: Path) -> None:
    for file in (CONFIG, DEVICES, PROVIDER_FILE, EVENTS, FILE):
        (tmp_path / file).write_text(example(file), "utf-8")
    twin = Twin.load(tmp_path)
    assert set(load_connections(tmp_path)) <= set(twin.connection_ids().values())
    given = json.loads(example(CONFIG))
    assert set(given) == set(Config.model_fields)


def test_every_parameter_of_every_notebook_is_listed_with_its_meaning_and_range() -> None:
    listed: dict[tuple[str, str], tuple[str, str]] = {}
    for name, notebooks, allowed, meaning in table("Notebook parameters"):
        for notebook in MODELS if notebooks == "all" else re.findall(r"`(\w+)`", notebooks):
            listed[notebook, name.strip("`")] = (meaning, allowed)
    wanted = {
        (notebook, name): field for notebook, model in MODELS.items() for name, field in model.model_fields.items()
    }
    of_clouds = {(notebook, one.name): one.meaning for notebook in MODELS for one in built_in_parameters()}
    meanings = {key: field.description for key, field in wanted.items()} | of_clouds
    assert {key: meaning for key, (meaning, _) in listed.items()} == meanings
    for key, field in wanted.items():
        bounds = [
            str(bound)
            for limit in field.metadata
            if (bound := getattr(limit, "ge", getattr(limit, "le", None))) is not None
        ]
        assert not bounds or listed[key][1].startswith(" to ".join(bounds)), key

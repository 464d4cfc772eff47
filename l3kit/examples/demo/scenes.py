"""The demo's scenes: which notebook runs with which parameters, in which order, and the outcome of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import yaml

STORY = ("walkthrough", "letters")
LIFE = ("deploy_l3", "run_movers", "verify_connections", "query_tiers", "destroy_l3")
NOTEBOOKS = (*STORY, *LIFE, "operations")
LOG = "demo.log"
"""Log file, in the demo's folder, of its processes' and kernels' output."""
THREE_CLOUDS = "aws-azure-gcp"
Verdict = Literal["ok", "failed", "not run"]


@dataclass(frozen=True, slots=True)
class Scene:
    """One notebook with a params file and further parameters; `name` is that of its files."""

    name: str
    notebook: str
    params: str
    more: Mapping[str, Any] = field(default_factory=dict)

    def parameters(self, root: Path) -> dict[str, Any]:
        """Return the parameters for papermill: the params file's values, overridden by this scene's own."""
        text = (root / "params" / f"{self.params}.yaml").read_text("utf-8")
        return {**yaml.safe_load(text), **self.more}

    def source(self, root: Path) -> Path:
        return root / "notebooks" / f"{self.notebook}.ipynb"


@dataclass(frozen=True, slots=True)
class Act:
    """A section of the index page: scenes that belong together.

    Attributes:
        about: what happens, in a few sentences.
        chains: scenes of one chain run one after the other in one sandbox, and end with the first failure; chains are
            independent of each other.
    """

    title: str
    about: str
    chains: tuple[tuple[Scene, ...], ...]


def _first(name: str, **more: Any) -> Scene:
    return Scene(name, name, f"{name}.sandbox", more)


ACTS = (
    Act(
        "Act 1: all tiers on AWS",
        "In the walkthrough the weather stations publish their last day over MQTT. IoT Core gives each message to the "
        "dispatcher, from there it goes through default-processor and persister into the hot tier, or, where it cannot "
        "be an item, to the dead letters. The rest of the year is loaded into the hot tier directly, and so is all of "
        "it in the other notebooks. The movers take it down the tiers.",
        (
            (_first("walkthrough", fresh=False), _first("letters")),
            tuple(map(_first, LIFE)),
        ),
    ),
    Act(
        "Act 2: hot on AWS, cold on Azure, archive on Google Cloud",
        "The same year of weather, loaded into the hot tier. Each mover sends it to a writer on the next cloud.",
        (
            tuple(
                Scene(f"{name}.{THREE_CLOUDS}", name, THREE_CLOUDS, more)
                for name, more in (
                    ("deploy_l3", {}),
                    ("run_movers", {"replay_days": 330}),
                    ("verify_connections", {}),
                    ("query_tiers", {}),
                    ("operations", {"prepare": False}),
                    ("destroy_l3", {"data": True, "prepare": False, "confirm": "weather-three-clouds"}),
                )
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of one notebook.

    Attributes:
        sentence: the `summary` of its result file.
        error: why it failed or was not run; empty if it passed.
    """

    name: str
    verdict: Verdict
    seconds: float = 0.0
    sentence: str = ""
    error: str = ""


def acts(only: Sequence[str] = NOTEBOOKS, act: int | None = None) -> tuple[Act, ...]:
    """The acts with only the chosen notebooks; `act` counts from 1."""
    chosen = ACTS if act is None else ACTS[act - 1 : act]
    cut = (replace(one, chains=tuple(filter(None, (_only(chain, only) for chain in one.chains)))) for one in chosen)
    return tuple(one for one in cut if one.chains)


def _only(chain: Sequence[Scene], notebooks: Sequence[str]) -> tuple[Scene, ...]:
    return tuple(scene for scene in chain if scene.notebook in notebooks)


def sentence_of(result: Path) -> str:
    """Return the sentence in a notebook's result file. Raises: ValueError if there is none."""
    try:
        content = json.loads(result.read_text("utf-8"))
    except OSError:
        raise ValueError(f"it wrote no result to {result.name}") from None
    except ValueError:
        raise ValueError(f"its result {result.name} is not JSON") from None
    sentence = content.get("summary") if isinstance(content, dict) else None
    if not isinstance(sentence, str) or not sentence:
        raise ValueError(f"its result {result.name} has no `summary`")
    return sentence

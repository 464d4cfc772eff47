"""Which notebooks the demo runs, with which parameters, and what it takes from their results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from l3kit.examples.demo.scenes import ACTS, acts, sentence_of

ROOT = Path(__file__).parents[4]
SCENES = [scene for act in ACTS for chain in act.chains for scene in chain]


def test_every_scene_has_its_notebook_and_parameters_with_a_sandbox_of_its_chain_alone() -> None:
    of_chains = []
    for act in ACTS:
        for chain in act.chains:
            (sandbox,) = {scene.parameters(ROOT)["sandbox"] for scene in chain}
            of_chains.append(sandbox)
            assert all(scene.source(ROOT).is_file() for scene in chain)
    assert len(set(of_chains)) == len(of_chains), "chains run side by side"
    assert len({scene.name for scene in SCENES}) == len(SCENES)


def test_a_scenes_own_parameters_go_before_those_of_its_file() -> None:
    (destroy,) = (scene for scene in SCENES if scene.name == "destroy_l3.aws-azure-gcp")
    values = destroy.parameters(ROOT)
    assert (values["sandbox"], values["confirm"], values["data"]) == ("aws-azure-gcp", "weather-three-clouds", True)


def test_the_letters_are_those_of_the_walkthrough() -> None:
    walkthrough, letters = (scene.parameters(ROOT) for scene in ACTS[0].chains[0])
    assert (walkthrough["twin"], walkthrough["sandbox"]) == (letters["twin"], letters["sandbox"])
    assert not walkthrough["fresh"], "a sandbox of its own would end with it"
    assert letters["dry_run"]


def test_single_notebooks_and_acts_can_be_chosen() -> None:
    def names(*chosen: str, act: int | None = None) -> list[str]:
        return [s.name for one in acts(chosen, act) for chain in one.chains for s in chain]

    assert names("deploy_l3", "walkthrough") == ["walkthrough", "deploy_l3", "deploy_l3.aws-azure-gcp"]
    assert names("deploy_l3", "walkthrough", act=2) == ["deploy_l3.aws-azure-gcp"]
    assert acts(("walkthrough",), 2) == ()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (None, "it wrote no result to r.json"),
        ("{", "its result r.json is not JSON"),
        ("[]", "its result r.json has no `summary`"),
        ('{"summary": 3}', "its result r.json has no `summary`"),
    ],
)
def test_a_result_that_says_nothing_is_told(text: str | None, error: str, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=f"^{error}$"):
        sentence_of(path)


def test_a_results_sentence(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"summary": "20 created"}))
    assert sentence_of(path) == "20 created"

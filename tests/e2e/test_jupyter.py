"""The operator's view: notebooks opened one after another, cells run again, a cell stopped half way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from l3kit import sandbox
from l3kit.sandbox.owner import OWNER_VARIABLE
from tests.support.own_sandbox import own_sandbox

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(3600)]
PATIENCE = 600
"""Seconds for what takes moments: a year of moves beside eight other processes on two cores takes minutes."""


@pytest.fixture
def folder() -> Iterator[Path]:
    with own_sandbox() as path:
        yield path


def opened(name: str, **given: object) -> nbformat.NotebookNode:
    """The notebook, its parameters cell edited by hand."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    cell.source += "".join(f"\n{parameter} = {value!r}" for parameter, value in given.items())
    return notebook


def run_all(notebook: nbformat.NotebookNode, cwd: Path = ROOT / "notebooks") -> None:
    resources = {"metadata": {"path": str(cwd)}}
    client = NotebookClient(
        notebook, timeout=None, startup_timeout=PATIENCE, kernel_name="python3", resources=resources
    )
    client.execute()


def results(folder: Path, notebook: str) -> list[dict[str, Any]]:
    paths = sorted((folder / "results").glob(f"{notebook}.*.json"))
    return [json.loads(path.read_text()) for path in paths]


def shown(notebook: nbformat.NotebookNode) -> str:
    return json.dumps(notebook)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_run_all_again_in_the_same_kernel_passes(name: str, folder: Path) -> None:
    notebook = opened(name)
    twice = [nbformat.from_dict(cell) for cell in json.loads(json.dumps(notebook.cells))]
    for number, cell in enumerate(twice):
        cell.id = f"again-{number}"
    notebook.cells += twice
    run_all(notebook)
    assert {result["verdict"] for result in results(folder, name)} == {"passed"}


def test_what_deploy_l3_made_is_there_in_the_other_notebooks_until_destroy_l3(folder: Path) -> None:
    run_all(opened("deploy_l3"))
    state = sandbox.status()
    assert state is not None
    assert state.home == folder / "sandbox"
    for name in ("run_movers", "verify_connections", "query_tiers"):
        run_all(opened(name))
        assert sandbox.status() == state
    (moved,), (found,) = results(folder, "run_movers"), results(folder, "query_tiers")
    assert moved["items_to_cold"] > 20_000
    assert "from cold" in found["summary"]
    (checked,) = results(folder, "verify_connections")
    assert (checked["verdict"], checked["twin"], checked["target"]) == ("passed", "nyc-weather", "sandbox")
    last = opened("destroy_l3", data=True)
    run_all(last)
    assert "Nothing is left in the sandbox, so it is stopped." in shown(last)
    assert sandbox.status() is None


def test_a_shared_sandbox_stays_when_a_notebook_in_it_fails(folder: Path) -> None:
    with pytest.raises(Exception, match="The table is missing: run deploy_l3"):
        run_all(opened("query_tiers", prepare=False))
    (result,) = results(folder, "query_tiers")
    assert (result["verdict"], result["error"]["remedy"]) == ("failed", "The table is missing: run deploy_l3")
    assert sandbox.status() is not None


def test_a_notebook_outside_the_project_says_so(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="is not inside a project"):
        run_all(opened("deploy_l3"), tmp_path)


def test_the_values_of_another_notebook_are_refused_by_name(folder: Path) -> None:
    with pytest.raises(Exception, match="replay_days: is not a parameter of this notebook"):
        run_all(opened("deploy_l3", replay_days=3))
    (result,) = results(folder, "deploy_l3")
    assert result["verdict"] == "failed"
    assert sandbox.status() is None


@contextmanager
def kernel() -> Iterator[tuple[Any, BlockingKernelClient]]:
    manager, client = start_new_kernel(startup_timeout=PATIENCE, kernel_name="python3", cwd=str(ROOT / "notebooks"))
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_cell_stopped_in_the_middle_of_apply_says_where_and_running_again_completes_it(folder: Path) -> None:
    cells = [cell.source for cell in opened("deploy_l3").cells if cell.cell_type == "code"]
    at = next(number for number, source in enumerate(cells) if "plan.apply()" in source)
    log = folder / "sandbox" / "logs" / "deploy-nyc-weather.jsonl"
    with kernel() as (manager, client):
        for source in cells[:at]:
            assert client.execute_interactive(source, timeout=PATIENCE)["content"]["status"] == "ok"
        outputs: list[dict[str, Any]] = []
        message = client.execute(cells[at])
        deadline = time.monotonic() + PATIENCE
        while not (log.exists() and log.read_text().count("\n") > 3) and time.monotonic() < deadline:
            time.sleep(0.01)
        manager.interrupt_kernel()
        while not outputs or outputs[-1]["content"].get("execution_state") != "idle":
            got = client.get_iopub_msg(timeout=PATIENCE)
            outputs += [got] if got["parent_header"].get("msg_id") == message else []
        (error,) = [got["content"] for got in outputs if got["msg_type"] == "error"]
        told = "\n".join(error["traceback"])
        assert "Interrupted at: create" in told
        assert "apply again to complete the rest" in told
        assert len(told.splitlines()) == 1
        (result,) = results(folder, "deploy_l3")
        assert result["verdict"] == "interrupted"
        for source in cells:
            assert client.execute_interactive(source, timeout=PATIENCE)["content"]["status"] == "ok"
    assert results(folder, "deploy_l3")[-1]["verdict"] == "passed"


def test_a_sandbox_killed_under_a_notebook_is_told_in_one_sentence_with_a_remedy(folder: Path) -> None:
    cells = [cell.source for cell in opened("deploy_l3").cells if cell.cell_type == "code"]
    at = next(number for number, source in enumerate(cells) if "plan.apply()" in source)
    with kernel() as (_, client):
        for source in cells[:at]:
            assert client.execute_interactive(source, timeout=PATIENCE)["content"]["status"] == "ok"
        assert sandbox.down()
        outputs: list[Any] = []
        client.execute_interactive(cells[at], timeout=PATIENCE, output_hook=outputs.append)
        (error,) = [got["content"] for got in outputs if got["msg_type"] == "error"]
    assert error["ename"] == "SandboxError"
    assert "sandbox" in error["evalue"]
    assert len(error["traceback"]) == 1
    assert results(folder, "deploy_l3")[-1]["error"]["remedy"]


def at_once(*notebooks: nbformat.NotebookNode) -> list[str]:
    """Run notebooks side by side, each in a kernel of its own. Returns: what each failed with; empty if it passed."""

    def outcome(notebook: nbformat.NotebookNode) -> str:
        try:
            run_all(notebook)
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}"
        return ""

    with ThreadPoolExecutor(len(notebooks)) as threads:
        return list(threads.map(outcome, notebooks))


def test_two_notebooks_that_deploy_into_one_sandbox_at_once_take_turns(folder: Path) -> None:
    assert at_once(opened("deploy_l3"), opened("deploy_l3")) == ["", ""]
    summaries = sorted(result["summary"] for result in results(folder, "deploy_l3"))
    assert summaries == [
        "deploy nyc-weather: 20 created, 0 as they were",
        "deploy nyc-weather: nothing to change, all 20 resources are as they should be",
    ]
    run_all(opened("deploy_l3"))
    assert results(folder, "deploy_l3")[-1]["plan"] == "deploy nyc-weather: nothing to change (20 as they are)"


def test_a_twin_that_is_destroyed_under_its_movers_is_gone_whole_and_their_notebook_says_one_sentence(
    folder: Path,
) -> None:
    run_all(opened("deploy_l3"))
    moving, destroying = at_once(
        opened("run_movers", prepare=False), opened("destroy_l3", data=True, confirm="nyc-weather", prepare=False)
    )
    assert destroying == ""
    assert "\n" not in moving
    (moved,) = results(folder, "run_movers")
    assert moved["verdict"] == ("failed" if moving else "passed")
    assert not moving or moved["error"]["remedy"]
    assert sandbox.status() is None, "nothing was left in it"


def test_an_isolated_sandbox_ends_with_a_kernel_that_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OWNER_VARIABLE)
    cells = [cell.source for cell in opened("deploy_l3", fresh=True).cells if cell.cell_type == "code"]
    with kernel() as (_, client):
        for source in cells[:4]:
            assert client.execute_interactive(source, timeout=PATIENCE)["content"]["status"] == "ok"
        assert sandbox.status() is not None
    deadline = time.monotonic() + 60
    while sandbox.status() is not None and time.monotonic() < deadline:
        time.sleep(0.2)
    assert sandbox.status() is None
    (result,) = results(folder, "deploy_l3")
    assert result["verdict"] == "unfinished"

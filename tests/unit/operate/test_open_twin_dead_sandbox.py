"""A part of the sandbox that has died is named, with the end of its log, by every verb and every method of a twin."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from l3kit.cli import main
from l3kit.errors import SandboxError
from l3kit.operate.open_twin import OpenTwin
from l3kit.operate.upkeep import Upkeep
from l3kit.sandbox.state import Home, ProcessInfo, SandboxState, write_json
from l3kit.session import Session
from l3kit.twin.config import Twin

_WEATHER = Twin.load(Path(__file__).parents[3] / "params" / "twins" / "nyc-weather")
TWIN = replace(_WEATHER, config=_WEATHER.config.model_copy(update={"message_chain": True}))
ENDPOINT = "http://127.0.0.1:1"
SAID = "out of wits\nbroken pipe"
METHODS: dict[str, Callable[[OpenTwin], object]] = {
    "plan": lambda twin: twin.plan(),
    "plan_destroy": lambda twin: twin.plan_destroy(),
    "destroy": lambda twin: twin.destroy(),
    "load": lambda twin: twin.load("-"),
    "publish": lambda twin: twin.publish([("JFK", b"{}")]),
    "run_mover": lambda twin: twin.run_mover("hot-to-cold-mover"),
    "replay": lambda twin: twin.replay([datetime(2014, 1, 1, tzinfo=UTC)]),
    "query": lambda twin: twin.query("JFK"),
    "explain": lambda twin: twin.explain("JFK"),
    "verify": lambda twin: twin.verify(),
    "audit": lambda twin: twin.audit(),
    "check_links": lambda twin: twin.check_links(),
    "tiers": lambda twin: twin.tiers(),
    "objects": lambda twin: twin.objects("cold"),
    "journal": lambda twin: twin.journal(),
    "letters": lambda twin: twin.letters(),
    "replay_letters": lambda twin: twin.replay_letters(),
    "logs": lambda twin: twin.logs(),
    "forecast": lambda twin: twin.forecast("hot-to-cold-mover"),
    "runs": lambda twin: twin.runs(),
    "alarms": lambda twin: twin.alarms(),
    "pause": lambda twin: twin.pause(),
    "resume": lambda twin: twin.resume(),
    "hold": lambda twin: twin.hold("JFK", reason="a test"),
    "release": lambda twin: twin.release("JFK"),
    "holds": lambda twin: twin.holds(),
    "plan_erase": lambda twin: twin.plan_erase("JFK"),
    "erase": lambda twin: twin.erase("JFK"),
    "end_lease": lambda twin: twin.end_lease("JFK"),
}
CLOSING = {"close", "sheet", "stop_if_empty"}
"""They ask no part of the sandbox."""


@pytest.fixture(params=["told by the gateway", "seen by its process"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a sandbox whose part dynalite has ended: the gateway has ended too, or has not yet seen it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    place = Home(tmp_path.resolve() / "home")
    place.logs.mkdir(parents=True)
    place.log("dynalite").write_text("a line\n" * 20 + SAID + "\n")
    if request.param == "told by the gateway":
        write_json(place.end_file, {"reason": "dynalite ended by itself", "part": "dynalite"})
    else:
        me = psutil.Process()
        parts = (
            ProcessInfo("gateway", me.pid, 1, str(place.log("gateway")), me.create_time()),
            ProcessInfo("dynalite", me.pid, 1, str(place.log("dynalite")), me.create_time() - 100),
        )
        write_json(place.state_file, SandboxState(ENDPOINT, parts, place.root, "x").to_json())
    return place.root


def assert_told(text: str, home: Path) -> None:
    assert "sandbox part dynalite" in text
    assert f"The end of its log, {home}/logs/dynalite.log:\n" in text
    assert text.rstrip("\n").endswith(SAID), text
    assert text.count("a line") == 13, "15 lines of the log in all"


def test_the_methods_are_all_there_are() -> None:
    public = {name for name, _ in inspect.getmembers(OpenTwin, inspect.isfunction) if name[0] != "_"}
    inherited = {name for name in public if name not in {*vars(OpenTwin), *vars(Upkeep)}}
    assert set(METHODS) == public - inherited - CLOSING


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_a_twin_names_the_part(method: str, home: Path) -> None:
    twin = OpenTwin(TWIN, Session("sandbox", {}, home, ENDPOINT))
    with pytest.raises(SandboxError) as caught:
        METHODS[method](twin)
    assert_told(str(caught.value), home)


def test_the_twin_of_these_tests_has_no_links() -> None:
    assert not TWIN.layout.links, "so nothing but the check itself asks whether the sandbox lives"


def test_status_names_the_part(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "status", "--home", str(home)]) == 3
    assert_told(capsys.readouterr().out, home)
    assert main(["sandbox", "status", "--home", str(home), "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert re.match("is not running: sandbox part dynalite (dynalite )?ended", told["cause"])
    assert_told(f"{told['cause']}. {told['remedy']}", home)


@pytest.mark.parametrize("schedule", [[], ["daily"], ["mover", "--cloud", "azure"]])
def test_fire_names_the_part(schedule: list[str], home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "fire", *schedule, "--home", str(home)]) == 1
    assert_told(capsys.readouterr().err, home)
    assert main(["sandbox", "fire", *schedule, "--home", str(home), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)["error"]
    assert told["resource"] == "sandbox"
    assert_told(f"{told['cause']}. {told['remedy']}", home)

"""Each function of each cloud starts and answers its first calls with nothing of l3kit but what is in its own zip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from l3kit.packaging.shipped import PACKAGE
from l3kit.packaging.wheels import sources
from l3kit.providers import provider
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.settings.late_modules import late_modules_of, uses_of
from tests.programs import first_calls
from tests.unit.lambda_functions.test_start_up import CLOUDS, CODE, env_of

URL = "http://127.0.0.1:9/"
PLACES = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_ENDPOINT_URL": URL.rstrip("/"),
    "COSMOS_ENDPOINT": "https://127.0.0.1:9/",
    "STORAGE_ACCOUNT_URL": "https://account.blob.core.windows.net",
    "IOTHUB_HOST_NAME": "hub.azure-devices.net",
    "COSMOS_DATABASE_NAME": "twin",
    "GOOGLE_CLOUD_PROJECT": "project",
    "FIRESTORE_DATABASE": "twin",
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9",
    "STORAGE_EMULATOR_HOST": URL.rstrip("/"),
}
"""Where stores are, which are opened but not called."""
RIGHT: Mapping[str, Mapping[str, Any]] = {
    "source": {"stored": 1, "dead": 0},
    "step": {"stored": 1, "dead": 0},
    "mover": {"verdict": "complete"},
    "expirer": {"verdict": "complete"},
    "writer": {"stored": 1, "dead": 0},
    "reader": {"complete": True},
}
OTHER: Mapping[str, Mapping[str, Any]] = {
    "cold-writer": {"written": 1},
    "archive-writer": {"key": first_calls.KEY},
    "event-checker": {"checked": 1, "fired": 3, "failed": 0},
    "feedback-receiver": {"sent": True},
}
"""What the answers of a role say, and of some functions."""
EVENTS = [
    {"condition": "plant.pump.v > DOUBLE(0)", "action": {"type": "function", "functionUrl": URL}},
    {"condition": "plant.pump.v > DOUBLE(0)", "action": {"type": "function", "functionName": "alarm"}},
    {"condition": "plant.pump.v > DOUBLE(0)", "action": {"type": "feedback", "payload": 1}},
]


def modules(cloud: str, function: str) -> set[str]:
    """The modules of l3kit in a function's zip."""
    names = [Path(name).with_suffix("").parts for name, path in sources(cloud, function) if PACKAGE in path.parents]
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts) for parts in names}


def case(cloud: str, function: str, *, abroad: bool) -> dict[str, Any]:
    """A function whose next layer or tier is on its own cloud, or on another one."""
    spec, other = FUNCTIONS[function], "gcp" if cloud == "aws" else "aws"
    layers = dict.fromkeys(("1", "2", "3_hot", "3_cold", "3_archive"), cloud)
    if abroad:
        layers[spec.sends_to[1:] if spec.sends_to else f"3_{spec.target}"] = other
    variables = {**PLACES, "INTER_CLOUD_TOKEN": "t" * 43}
    variables[provider(cloud).variables.peers["event-checker"]] = "https://checker.example/api/run?code=key"
    env = env_of(cloud, function, remote=abroad, **variables)
    info = json.loads(env["DIGITAL_TWIN_INFO"])
    info["config"]["reader_urls"] = True
    info["config_events"] = EVENTS
    info["config_providers"] = {f"layer_{layer}_provider": name for layer, name in layers.items()}
    return {
        "function": function,
        "role": spec.role,
        "entry": str(next((CODE / cloud / function).glob("*.py"))),
        "modules": sorted(modules(cloud, function)),
        "late": sorted(late_modules_of(function, provider(cloud).late_modules)),
        "opens": [
            use for use in uses_of(function) if use in provider(cloud).late_modules and use not in ("creates", "events")
        ],
        "env": {**env, "DIGITAL_TWIN_INFO": json.dumps(info)},
    }


def ways(function: str) -> Iterator[bool]:
    """Whether a function can send to its own cloud, and to another one."""
    spec = FUNCTIONS[function]
    if spec.sends_to != "l2":
        yield False
    if spec.remote_url:
        yield True


CASES = [(function, abroad) for function in FUNCTIONS for abroad in ways(function)]


def answers(cloud: str, asked: list[dict[str, Any]]) -> list[list[tuple[int, Any]]]:
    """Of each case the status and content of each answer; 0 and the error where there is none."""
    done = subprocess.run(
        [sys.executable, first_calls.__file__, cloud],
        input=json.dumps(asked),
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    given: list[list[tuple[int, Any]]] = json.loads(done.stdout.splitlines()[-1])
    return given


@pytest.mark.parametrize(
    "cloud", ["aws", *(pytest.param(cloud, marks=pytest.mark.slow) for cloud in CLOUDS if cloud != "aws")]
)
def test_a_function_answers_its_first_calls_from_what_its_zip_carries(cloud: str) -> None:
    given = answers(cloud, [case(cloud, function, abroad=abroad) for function, abroad in CASES])
    for (function, abroad), answer in zip(CASES, given, strict=True):
        assert answer, function
        for status, content in answer:
            assert status == 200, (function, abroad, content)
            assert RIGHT[FUNCTIONS[function].role].items() <= content.items() or function in OTHER, (function, content)
            assert OTHER.get(function, {}).items() <= content.items(), (function, content)


def test_a_module_that_a_zip_lacks_is_told() -> None:
    lacking = case("aws", "connector", abroad=True)
    lacking["modules"].remove("l3kit.tiering.stream.relay")
    (((status, error),),) = answers("aws", [lacking])
    assert (status, "l3kit.tiering.stream.relay is not in the function's zip" in error) == (0, True), error

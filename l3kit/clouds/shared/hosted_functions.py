"""Functions of a twin on Azure or Google Cloud: invocation, checks, schedules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from l3kit.clouds.shared.cloud_function import OWNER_LABEL
from l3kit.errors import L3Error
from l3kit.tiering.settings import further_variables
from l3kit.twin.connections import DeployedWriter
from l3kit.twin.cron_forms import eventbridge
from l3kit.twin.schedule_times import next_time
from l3kit.twin.schedules import Schedule

if TYPE_CHECKING:
    from l3kit.clouds.ports.checks import Check
    from l3kit.clouds.ports.function_host import FunctionHost
    from l3kit.twin.config import Twin

INVOKE_SECONDS = 930.0
REPAIR = "Run deploy_l3, which repairs it"


class HostedFunctions:
    """The functions of one cloud.

    Args:
        name_of: a function's deployed name.
        expression_of: converts the twin's schedule to this cloud's format.
        path_of: path below a writer's address for POST requests.
    """

    def __init__(
        self,
        provider: str,
        host: FunctionHost,
        name_of: Callable[[Twin, str], str],
        expression_of: Callable[[str], str],
        path_of: Callable[[str], str],
    ) -> None:
        self._provider = provider
        self._host = host
        self._name_of = name_of
        self._expression_of = expression_of
        self._path_of = path_of

    def function_name(self, twin: Twin, function: str) -> str:
        return self._name_of(twin, function)

    def invoke(self, twin: Twin, function: str, event: Mapping[str, Any]) -> Any:
        name = self._name_of(twin, function)
        status, body = self._host.invoke(name, json.dumps(event).encode(), timeout=INVOKE_SECONDS)
        try:
            answer = json.loads(body or b"null")
        except ValueError:
            answer = None
        if status == 200:
            return answer
        told = answer.get("error") if isinstance(answer, dict) else None
        raise L3Error(name, f"failed: {told or f'it returned {status}'}", f"See the log of {name}")

    def function_variables(self, twin: Twin, function: str) -> Mapping[str, str] | None:
        there = self._host.get(self._name_of(twin, function))
        return None if there is None else there.definition.settings

    def writer(self, twin: Twin, function: str) -> DeployedWriter | None:
        there = self._host.get(self._name_of(twin, function))
        if there is None or there.definition.labels.get(OWNER_LABEL) != twin.name:
            return None
        return DeployedWriter(there.url + self._path_of(function), there.definition.settings)

    def function_checks(self, twin: Twin) -> Iterator[Check]:
        from l3kit.clouds.ports.checks import Check, variables_check

        for function in twin.layout.functions_on(self._provider):
            there = self._host.get(self._name_of(twin, function))
            state = there.state if there else "missing"
            good = state == "active"
            yield Check("functions", function, "active", state, good, "" if good else REPAIR)
            if there is not None:
                needed = twin.layout.variables_of(function, self._provider)
                yield variables_check(function, there.definition.settings, needed, further_variables(function))

    def schedule_checks(self, twin: Twin) -> Iterator[Check]:
        from l3kit.clouds.ports.checks import Check

        wanted = self._expression_of(twin.config.mover_schedule)
        for function in twin.layout.movers_on(self._provider):
            found = list(self._host.timers(self._name_of(twin, function)).values())
            on = found == [wanted]
            seen = "on" if on else f"at {', '.join(found)}" if found else "missing"
            yield Check("schedules", function, "on", seen, on, "" if on else REPAIR)

    def schedule(self, twin: Twin, mover: str, now: datetime) -> Schedule:
        """Return the deployed schedule of a mover; in a sandbox it does not run by itself."""
        found = list(self._host.timers(self._name_of(twin, mover)).values())
        if not found:
            return Schedule("missing")
        return Schedule("fired", found[0], next_time(eventbridge(found[0]), now))

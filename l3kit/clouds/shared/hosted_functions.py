"""Functions of a twin behind the function host of one cloud: invocation, checks, schedules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from l3kit.clouds.shared.reader_calls import AskReader, ask_reader
from l3kit.errors import REPAIR, ConfigurationError, L3Error, PermissionMissingError
from l3kit.tiering.settings.function_table import FUNCTIONS, further_variables
from l3kit.tiering.tokens import TOKEN_VARIABLE, Secret
from l3kit.twin.connections import DeployedWriter
from l3kit.twin.cron_forms import eventbridge
from l3kit.twin.schedule_times import next_time
from l3kit.twin.schedules import Schedule

if TYPE_CHECKING:
    from l3kit.clouds.ports.checks import Check
    from l3kit.clouds.ports.function_host import Deployed, FunctionHost, Timer
    from l3kit.clouds.ports.function_logs import LogLine
    from l3kit.clouds.ports.source_table import SourceTable
    from l3kit.clouds.ports.undelivered import Undelivered
    from l3kit.twin.config import Twin

AGENT = "l3kit-notebook"
"""User agent of a session's requests to the stores, unlike that of functions."""
INVOKE_SECONDS = 930.0


class HostedFunctions:
    """The functions of one cloud.

    Attributes:
        agent: user agent of the session's requests to the stores.
    Args:
        host_of: the cloud's function host, for a twin's functions.
        name_of: a function's deployed name.
        expression_of: converts the twin's schedule to this cloud's format.
        address_of: the address of a deployed writer or reader; empty if it has none yet.
        ask: asks a reader at its address, as `ask_reader` does.
    """

    agent = AGENT

    def __init__(
        self,
        provider: str,
        host_of: Callable[[Twin], FunctionHost],
        name_of: Callable[[Twin, str], str],
        expression_of: Callable[[str], str],
        address_of: Callable[[Deployed, str], str],
        ask: AskReader = ask_reader,
    ) -> None:
        self._provider = provider
        self._host_of = host_of
        self._name_of = name_of
        self._expression_of = expression_of
        self._address_of = address_of
        self._ask = ask

    def function_name(self, twin: Twin, function: str) -> str:
        return self._name_of(twin, function)

    def invoke(self, twin: Twin, function: str, event: Mapping[str, Any] | bytes) -> Any:
        name = self._name_of(twin, function)
        there = self._get(twin, function) if FUNCTIONS[function].role == "reader" else None
        if isinstance(event, bytes):
            status, body = self._host_of(twin).invoke(name, event, timeout=INVOKE_SECONDS)
        elif there is not None and there.definition.public:  # on some clouds it then answers nobody without its token
            token = Secret(there.definition.settings.get(TOKEN_VARIABLE, ""))
            status, body = self._ask(self._address_of(there, function), token, function, event)
        else:
            status, body = self._host_of(twin).invoke(name, json.dumps(event).encode(), timeout=INVOKE_SECONDS)
        try:
            answer = json.loads(body or b"null")
        except ValueError:
            answer = None
        if status == 200:
            return answer
        reason = answer.get("error") if isinstance(answer, dict) else None
        raise L3Error(name, f"failed: {reason or f'it returned {status}'}", f"See the log of {name}")

    def source_table(self, twin: Twin, name: str) -> SourceTable:
        """Refuse: a cloud that can read foreign tables overrides this."""
        remedy = "Export it to JSON lines or Parquet, and load that file"
        raise ConfigurationError(f"table {name}", f"l3kit reads no tables on {self._provider}", remedy)

    def undelivered(self, key: str, body: bytes) -> Undelivered | None:
        """Return None: a cloud whose source delivers without end keeps nothing itself."""
        return None

    def function_variables(self, twin: Twin, function: str) -> Mapping[str, str] | None:
        there = self._get(twin, function)
        return None if there is None else there.definition.settings

    def writer(self, twin: Twin, function: str) -> DeployedWriter | None:
        there = self._get(twin, function)
        if there is None or there.definition.owner != twin.name:
            return None
        return DeployedWriter(self._address_of(there, function), there.definition.settings)

    def function_log(self, twin: Twin, function: str, since: datetime | None) -> Iterator[LogLine]:
        return self._host_of(twin).log(self._name_of(twin, function), since)

    def function_checks(self, twin: Twin) -> Iterator[Check]:
        from l3kit.clouds.ports.checks import Check, variables_check

        for function in twin.layout.functions_on(self._provider):
            try:
                there = self._get(twin, function)
            except PermissionMissingError as error:  # the others may be seen all the same
                yield Check("functions", function, "active", error.cause, False, error.remedy)
                continue
            state = there.state if there else "missing"
            good = state == "active"
            yield Check("functions", function, "active", state, good, "" if good else REPAIR)
            if there is not None:
                needed = twin.layout.variables_of(function, self._provider)
                more = further_variables(function, has_address=twin.layout.entrance_of(function) is not None)
                yield variables_check(function, there.definition.settings, needed, more)

    def schedule_checks(self, twin: Twin) -> Iterator[Check]:
        from l3kit.clouds.ports.checks import Check

        for function in twin.layout.scheduled_on(self._provider):
            wanted = self._expression_of(twin.config.schedule_of(function))
            try:
                timers = self._timers(twin, function)
            except PermissionMissingError as error:
                yield Check("schedules", function, "on", error.cause, False, error.remedy)
                continue
            seen = ", ".join(_seen(timer, wanted) for timer in timers) or "missing"
            yield Check("schedules", function, "on", seen, seen == "on", "" if seen == "on" else REPAIR)

    def schedule(self, twin: Twin, mover: str, now: datetime) -> Schedule:
        timers = self._timers(twin, mover)
        if not timers:
            return Schedule("missing")
        timer = timers[0]
        if timer.state == "off":
            return Schedule("off", timer.expression)
        if timer.fault:
            return Schedule(timer.state, timer.expression, fault=timer.fault)
        return Schedule(timer.state, timer.expression, next_time(eventbridge(timer.expression), now, timer.begins))

    def _get(self, twin: Twin, function: str) -> Deployed | None:
        return self._host_of(twin).get(self._name_of(twin, function))

    def _timers(self, twin: Twin, mover: str) -> list[Timer]:
        return list(self._host_of(twin).timers(self._name_of(twin, mover)).values())


def _seen(timer: Timer, wanted: str) -> str:
    if timer.state == "off":
        return "off"
    return timer.fault or ("on" if timer.expression == wanted else f"at {timer.expression}")

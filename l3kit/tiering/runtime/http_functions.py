"""HTTP handling for functions on Azure and Google Cloud, safe for concurrent requests."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from l3kit.errors import ConfigurationError, L3Error
from l3kit.tiering.format.exact_numbers import exact_dumps
from l3kit.tiering.runtime.event_loop import EventLoop
from l3kit.tiering.runtime.functions import Function, Run, bounded_report
from l3kit.tiering.runtime.log_lines import LogLines
from l3kit.tiering.runtime.measures import Measure, measures_of
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.settings.loading import Settings
from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.transfer.payload import MAX_BODY_BYTES
from l3kit.tiering.transfer.wire import Request

MAX_EVENT_BYTES = 1024 * 1024
"""Limit for a request to a mover or reader, which has only a few fields."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP response with a JSON body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", "Cache-Control": "no-store", **self.headers}


class HttpFunction:
    """One of the twin's functions behind HTTP.

    Args:
        seconds: the time limit of a mover, a source or a step on this cloud.
        clock: monotonic seconds.
        measured: takes the figures of a run, and the number of dead letters of a call; None for a twin without alarms.
    """

    def __init__(
        self,
        settings: Settings,
        openers: Openers,
        log_lines: LogLines,
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        measured: Callable[[Mapping[Measure, float]], None] | None = None,
    ) -> None:
        self._role = FUNCTIONS[settings.function].role
        self._reads_by_token = self._role == "reader" and settings.takes_token
        self._served = Function(settings, openers)
        self._loop = EventLoop()
        self._log_lines = log_lines
        self._seconds = seconds
        self._clock = clock
        self._measured = measured

    def answer(
        self,
        request: Request,
        request_id: str,
        *,
        scheduled: str | None = None,
        limit: float = 0,
        authorized: bool = False,
    ) -> HttpAnswer:
        """Handle one request.

        Args:
            scheduled: scheduled time of a mover run, if the cloud's scheduler passes it outside the body.
            limit: time limit of this request in seconds, if lower than the function's own.
            authorized: the cloud has checked the caller although the function has a public address. Otherwise a reader
                with an address accepts only requests with its token.
        """
        try:
            return self._answer(request, request_id, scheduled, limit, authorized)
        finally:
            self._measure_letters()

    def _answer(
        self, request: Request, request_id: str, scheduled: str | None, limit: float, authorized: bool
    ) -> HttpAnswer:
        self._log_lines.request_id = request_id
        if self._role == "writer":
            response = self._loop.run(self._served.write(request))
            return HttpAnswer(response.status, orjson.dumps(dict(response.body)), response.headers)
        if self._reads_by_token and not authorized:
            response = self._loop.run(self._served.answer(request))
            return HttpAnswer(response.status, exact_dumps(dict(response.body)), response.headers)
        try:
            if self._role in ("source", "step"):
                return HttpAnswer(200, self._step(request.body, limit))
            event = _event(request)
            if self._role == "reader":
                return HttpAnswer(200, exact_dumps(self._loop.run(self._served.read(event))))
            run = Run(event.get("time", scheduled), request_id, self._remaining(limit), event.get("canary") is True)
            return HttpAnswer(200, orjson.dumps(self._move(run)))
        except ConfigurationError as error:
            log.warning("refused: %s", error)
            return HttpAnswer(400, orjson.dumps({"error": str(error)}))
        except L3Error as error:
            log.exception("failed")
            return HttpAnswer(500, orjson.dumps({"error": str(error)}))

    def deliver(self, deliveries: Sequence[Delivery], request_id: str) -> HttpAnswer:
        """Handle the messages of a source; after a 500 it delivers all of them again."""
        self._log_lines.request_id = request_id
        try:
            counts = self._loop.run(self._served.dispatch(deliveries, self._remaining(0)))
        except L3Error as error:
            log.exception("failed")
            return HttpAnswer(500, orjson.dumps({"error": str(error)}))
        finally:
            self._measure_letters()
        return HttpAnswer(200, orjson.dumps(counts))

    def tick(self, request_id: str) -> None:
        """Run a mover for the cloud's timer. Raises: L3Error, so that the cloud counts the run as failed."""
        self._log_lines.request_id = request_id
        self._move(Run(None, request_id, self._remaining(0)))

    def _move(self, run: Run) -> dict[str, object]:
        report = self._loop.run(self._served.move(run))
        if self._measured is not None and not run.canary:  # a canary is no run
            self._measured(measures_of(report))
        return bounded_report(report)

    def _measure_letters(self) -> None:
        """Tell how many dead letters were stored since this was last asked."""
        if self._measured is not None and (letters := self._served.take_letter_count()):
            self._measured({"DeadLetters": letters})

    def _step(self, event: bytes, limit: float) -> bytes:
        if len(event) > MAX_BODY_BYTES:
            raise ConfigurationError("body", f"has more than {MAX_BODY_BYTES:,} bytes")
        return self._loop.run(self._served.step(event, self._remaining(limit)))

    def _remaining(self, limit: float) -> Callable[[], float]:
        end = self._clock() + (min(limit, self._seconds) if limit else self._seconds)
        return lambda: end - self._clock()


def _event(request: Request) -> Mapping[str, object]:
    """Parse the body as a JSON object; an empty body is an empty object. Raises: ConfigurationError."""
    if len(request.body) > MAX_EVENT_BYTES:
        raise ConfigurationError("body", f"has more than {MAX_EVENT_BYTES:,} bytes")
    if not request.body.strip():
        return {}
    try:
        event = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError("body", f"is not JSON ({error})") from None
    if not isinstance(event, dict):
        raise ConfigurationError("body", "must be a JSON object")
    return event

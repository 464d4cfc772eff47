"""A cloud's platform of functions: what it refuses, how it runs them and answers. A value in the cloud's folder."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from multidict import CIMultiDict

from l3kit.sandbox.functions.record import FunctionRecord

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Failure = tuple[int, str | None]
"""Status and text of an answer; None for an answer without a body."""
UNAVAILABLE = "The request failed: the function gave no answer that can be passed on"


@dataclass(frozen=True, slots=True)
class Limits:
    """Maximum sizes and durations.

    Attributes:
        zip_bytes: size of a deployment's zip.
        unpacked_bytes: size of its unpacked files.
        request_bytes: size of a request's body.
        answer_bytes: size of an answer that states its length; None if there is no limit.
        timeout: seconds of one run that a definition may ask for.
        http_seconds: after which the platform gives up a request, whose run continues; None if it never does.
    """

    zip_bytes: int
    unpacked_bytes: int
    request_bytes: int
    answer_bytes: int | None
    timeout: int
    http_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """Patterns of valid names; `reserved` are settings that belong to the platform."""

    function: re.Pattern[str]
    setting: re.Pattern[str]
    reserved: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Failures:
    """The platform's answers to requests that its function did not answer."""

    not_started: Failure
    ended: Failure
    timed_out: Failure
    too_large: Failure = (500, UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a function's process."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def admit_all(request: web.Request, record: FunctionRecord) -> web.Response | None:
    """Refuse no request: the function itself decides."""
    return None


def run_all_jobs(record: FunctionRecord, name: str) -> str:
    """Let every schedule start its function."""
    return ""


@dataclass(frozen=True, slots=True)
class Platform:
    """One cloud's platform of functions.

    Attributes:
        cloud: its name.
        host: the program that serves one function (`Instance.start`).
        files: those that a zip must have at its top level.
        schedule_problem: returns the problem with a schedule; None if it is valid.
        no_jobs: why a definition may name no schedules; empty if it may.
        exit_seconds: wait after a broken connection for the end of the process, which is known a moment later; the
            next request must not reach a dying process. If a server replaces its worker instead, every broken request
            waits this long.
        ends_overruns: whether a run that exceeds its time limit ends its process.
        keeps_former: whether the former deployment continues to serve if a new one does not start.
        by_admin: whether the sandbox's admin API deploys and deletes functions; otherwise its control plane alone does.
        variables: returns the platform's variables for an instance, given by its id.
        fire: returns the request by which a schedule, given with its due time in ISO 8601, starts a function.
        headers: adapts the headers of a request that is passed on to a function.
        job_refusal: returns why a schedule, given by its name, may not start a function; empty if it may.
        refusal: returns the answer to a request whose sender is not allowed to call the function; None for any other
            request.
    """

    cloud: str
    host: Path
    files: tuple[str, ...]
    limits: Limits
    names: Names
    failures: Failures
    schedule_problem: Callable[[str], str | None]
    exit_seconds: float
    variables: Callable[[FunctionRecord, str], Mapping[str, str]]
    fire: Callable[[FunctionRecord, str, str], Call]
    headers: Callable[[FunctionRecord, CIMultiDict[str]], None]
    refusal: Callable[[web.Request, FunctionRecord], web.Response | None] = admit_all
    job_refusal: Callable[[FunctionRecord, str], str] = run_all_jobs
    no_jobs: str = ""
    ends_overruns: bool = False
    keeps_former: bool = False
    by_admin: bool = True

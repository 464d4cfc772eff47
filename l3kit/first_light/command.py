"""`l3kit first-light aws`: says what it will cost, asks, runs, and leaves a report."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l3kit.errors import ConfigurationError
from l3kit.files import check_writable
from l3kit.providers import live_names
from l3kit.twin.target import target_fault

if TYPE_CHECKING:
    from l3kit.first_light.report import Report
    from l3kit.prices.price_file import Provider
    from l3kit.session import Session
    from l3kit.twin.config import Twin


def add_first_light(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `first-light` to the command line."""
    about = "try everything once on a real account: deploy the smallest twin, move, query, destroy, leave a report"
    parser = commands.add_parser("first-light", help=about, description=about.capitalize() + ".", epilog=_EPILOG)
    parser.add_argument("cloud", choices=live_names(), help="the cloud; the others cannot be deployed to yet")
    parser.add_argument("--region", default="us-east-1", help="AWS region (default: us-east-1)")
    parser.add_argument("--profile", default="", help="AWS profile (default: boto3's usual credentials)")
    parser.add_argument("--yes", action="store_true", help="do not ask, as in CI")
    parser.add_argument("--dry-run", action="store_true", help="show cost, time and the plan; make nothing")
    parser.add_argument("--report", type=Path, metavar="PATH", help="the report's JSON; markdown beside it")
    parser.add_argument("--keep-on-failure", action="store_true", help="where a step fails, leave all that was made")
    parser.add_argument("--clean-up", metavar="NAME", default="", help="only remove what an earlier run has left")
    parser.add_argument("--target", type=_target, default="live", metavar="{live,sandbox}", help="default: live")
    parser.add_argument("--sandbox", default="default", metavar="NAME", help="the sandbox, with --target sandbox")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=_first_light)


def _target(text: str) -> str:
    if fault := target_fault(text):
        raise argparse.ArgumentTypeError(f"{text} {fault}")
    return text


_EPILOG = "Exit codes: 0 passed; 1 failed and 130 interrupted, nothing is left; 4 something is left, with the command"


def _first_light(options: argparse.Namespace) -> int:
    from l3kit.first_light.twin import check_name, new_name, write_twin
    from l3kit.session import connect

    name = check_name(options.clean_up) if options.clean_up else new_name()
    path = options.report or Path(f"first-light-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json")
    if not (options.clean_up or options.dry_run):
        check_writable(path)  # now, not after a quarter of an hour
    with _ended_by_termination(), tempfile.TemporaryDirectory(prefix="l3kit-first-light-") as folder:
        twin = write_twin(Path(folder), name, options.cloud)
        if not options.clean_up:
            _tell_estimate(options.cloud, options.region)
        own: dict[str, Any] = {f"{options.cloud}_{name}": getattr(options, name) for name in ("region", "profile")}
        session = connect(twin, options.target, sandbox=options.sandbox, **own)
        if options.clean_up:
            return _clean_up(session, twin, options)
        if options.dry_run:
            from l3kit.deploy import plan

            print(plan(twin, session))
            return 0
        if not options.yes and not _agreed(session):
            print("Nothing was made.", file=sys.stderr)
            return 1
        return _run(session, twin, path, options)


@contextmanager
def _ended_by_termination() -> Iterator[None]:
    """A cancelled CI job sends SIGTERM, and must clean up as after Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell_estimate(cloud: Provider, region: str) -> None:
    from l3kit.first_light.estimate import estimate, estimate_text
    from l3kit.prices.price_book import load_prices

    _tell(estimate_text(estimate(load_prices(), cloud), region))


def _agreed(session: Session) -> bool:
    from l3kit.clouds.aws.cloud import aws_in
    from l3kit.first_light.report import last_four

    account = aws_in(session.clouds).session
    where = f"the account ending in {last_four(account.account_id)}, {account.region} ({session.target})"
    if not sys.stdin.isatty():
        raise ConfigurationError("first-light", "cannot ask: there is no terminal; nothing was made", "Pass --yes")
    print(f"Deploy to {where}, and destroy it all again? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _run(session: Session, twin: Twin, path: Path, options: argparse.Namespace) -> int:
    from l3kit.clouds.aws.cloud import aws_in
    from l3kit.first_light.estimate import estimate
    from l3kit.first_light.report import save
    from l3kit.first_light.run import first_light
    from l3kit.prices.price_book import load_prices

    command = clean_up_command(twin.name, options)
    _tell(f"The twin is {twin.name}. Should this process die: {command}")
    report = first_light(
        session,
        twin,
        estimated_usd=str(estimate(load_prices(), options.cloud).to_json()["total_usd"]),
        clean_up=command,
        tell=_tell,
        keep_on_failure=options.keep_on_failure,
    )
    # Names of buckets end in a digest of the account's id, which is short enough to be found by trying.
    account = aws_in(session.clouds).session
    secrets = (account.account_id, account.names(twin.name).cold_s3_bucket().rsplit("-", 1)[-1])
    paths = save(report, path, secrets)
    _conclude(report, paths, options)
    return report.exit_code


def _conclude(report: Report, paths: tuple[Path, Path], options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps({"verdict": report.verdict, "left": report.left, "report": [str(path) for path in paths]}))
    else:
        print(f"{report.verdict}: {sum(step.verdict == 'done' for step in report.steps)} of {len(report.steps)} steps")
        for step in report.steps:
            print(f"  {step.verdict:11} {step.seconds:7.1f} s  {step.name}: {step.found}")
        print(f"report: {paths[0]} and {paths[1]}")
    if report.clean_up:
        left = "unknown resources" if report.left is None else f"{len(report.left)} resources:"
        _tell(f"Left in the account: {left} {', '.join(report.left or ())}\nRemove it: {report.clean_up}")


def _clean_up(session: Session, twin: Twin, options: argparse.Namespace) -> int:
    from l3kit.first_light.run import remove

    left = remove(session, twin, _tell)
    if options.json:
        print(json.dumps({"twin": twin.name, "left": left}))
    else:
        print(f"{twin.name}: {', '.join(left) + ' left' if left else 'nothing is left'}")
    return 4 if left else 0


def clean_up_command(name: str, options: argparse.Namespace) -> str:
    """The command that removes what a run has made, to be copied into a shell."""
    words = ["l3kit", "first-light", options.cloud, "--clean-up", name, "--region", options.region]
    words += ["--profile", options.profile] if options.profile else []
    words += ["--target", "sandbox", "--sandbox", options.sandbox] if options.target == "sandbox" else []
    return shlex.join(words)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

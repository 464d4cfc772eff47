"""`l3kit first-light`: shows the expected cost, asks for confirmation, runs, and leaves a report."""

from __future__ import annotations

import shlex
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from l3kit.cli.completing import sandboxes, targets
from l3kit.cli.confirming import agree, check_can_ask
from l3kit.cli.exit_codes import INTERRUPTED, LEFT_OVER, SUCCESS, codes_of, epilog
from l3kit.cli.output import Output
from l3kit.cli.permissions import CloudName
from l3kit.cli.verbs import verb

if TYPE_CHECKING:
    from l3kit.first_light.report import Report
    from l3kit.session import Session
    from l3kit.twin.config import Twin
    from l3kit.twin.target import Target


@dataclass(frozen=True, slots=True)
class Run:
    """A run as requested on the command line.

    Attributes:
        report: path of the report; None is a file in the current folder, named by the time.
        clean_up: the twin of an earlier run, whose leftovers are to be removed; empty to start a run.
    """

    cloud: str
    region: str
    profile: str
    target: Target
    sandbox: str
    yes: bool = False
    dry_run: bool = False
    report: Path | None = None
    project: str = ""
    keep_on_failure: bool = False
    clean_up: str = ""


def _target(text: str) -> str:
    from l3kit.twin.target import target_fault

    if fault := target_fault(text):
        raise typer.BadParameter(f"{text} {fault}")
    return text


_CODES = {SUCCESS: "passed", **codes_of("first-light"), INTERRUPTED: "interrupted, and nothing is left"}


def add_first_light(app: typer.Typer) -> None:
    """Add the verb `first-light`."""

    @verb(app, "first-light", epilog=epilog(_CODES))
    def first_light(
        output: Output,
        cloud: CloudName,
        region: Annotated[
            str, typer.Option(metavar="REGION", help="Region (default: us-east-1 on AWS, us-central1 on Google Cloud).")
        ] = "",
        profile: Annotated[
            str, typer.Option(metavar="PROFILE", help="AWS profile (default: boto3's usual credentials).")
        ] = "",
        project: Annotated[
            str, typer.Option(metavar="PROJECT", help="Google Cloud project (default: that of your credentials).")
        ] = "",
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask, as in CI.")] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Show cost, time and the plan; create nothing.")
        ] = False,
        report: Annotated[
            Path | None, typer.Option(metavar="PATH", help="The report's JSON; the Markdown file goes next to it.")
        ] = None,
        keep_on_failure: Annotated[
            bool, typer.Option("--keep-on-failure", help="If a step fails, keep everything that was created.")
        ] = False,
        clean_up: Annotated[
            str, typer.Option(metavar="NAME", help="Only remove what an earlier run has left behind.")
        ] = "",
        target: Annotated[
            str, typer.Option(metavar="live|sandbox", callback=_target, autocompletion=targets, help="Where it runs.")
        ] = "live",
        sandbox: Annotated[
            str, typer.Option(metavar="NAME", autocompletion=sandboxes, help="The sandbox, with --target sandbox.")
        ] = "default",
    ) -> int:
        """Try everything once on a real account.

        Deploys the smallest twin, moves and queries its data, destroys it, and leaves a report.
        """
        from l3kit.clouds.ports.first_light import first_light_of
        from l3kit.providers import billing_of

        first_light_of(cloud)  # refused here, since a clean-up asks for no estimate, which would refuse it
        where = cast("Target", target)
        region = region or billing_of(cloud).default_region
        run = Run(cloud, region, profile, where, sandbox, yes, dry_run, report, project, keep_on_failure, clean_up)
        return _first_light(run, output)


def _first_light(options: Run, output: Output) -> int:
    from l3kit.files import check_writable
    from l3kit.first_light.twin import check_name, new_name, write_twin
    from l3kit.session import connect

    if options.clean_up and (options.dry_run or options.keep_on_failure):
        raise typer.BadParameter("is not allowed with --dry-run or --keep-on-failure", param_hint="--clean-up")
    name = check_name(options.clean_up) if options.clean_up else new_name()
    path = options.report or Path(f"first-light-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json")
    if not (options.clean_up or options.dry_run):
        check_writable(path)  # now, not after a quarter of an hour
    with _ended_by_termination(), tempfile.TemporaryDirectory(prefix="l3kit-first-light-") as folder:
        twin = write_twin(Path(folder), name, options.cloud)
        if not options.clean_up:
            _tell_estimate(options.cloud, options.region, output)
        own: dict[str, Any] = {
            f"{options.cloud}_{name}": text
            for name in ("region", "profile", "project")
            if (text := getattr(options, name))
        }
        session = connect(twin, options.target, sandbox=options.sandbox, **own)
        if options.clean_up:
            return _clean_up(session, twin, output)
        _check(session, options.cloud)
        if options.dry_run:
            from l3kit.deploy import plan

            output.answer(plan(twin, session))
            return SUCCESS
        if not options.yes:
            _ask(session, options.cloud)
        return _run(session, twin, path, options, output)


@contextmanager
def _ended_by_termination() -> Iterator[None]:
    """Treat SIGTERM, which a cancelled CI job gets, as Ctrl-C, so that it cleans up."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell_estimate(cloud: str, region: str, output: Output) -> None:
    from l3kit.first_light.estimate import estimate, estimate_text
    from l3kit.prices.price_book import load_prices

    output.tell(estimate_text(estimate(load_prices(), cloud), cloud, region))


def _check(session: Session, cloud: str) -> None:
    from l3kit.clouds.ports.first_light import first_light_of

    first_light_of(cloud).check(session.clouds[cloud])


def _ask(session: Session, cloud: str) -> None:
    """Ask whether to run. Raises: ConfigurationError if the answer is no, or there is no terminal."""
    from l3kit.clouds.ports.first_light import first_light_of
    from l3kit.first_light.report import last_four

    account = first_light_of(cloud).account(session.clouds[cloud])
    where = f"the account ending in {last_four(account.account_id)}, {account.region} ({session.target})"
    check_can_ask("first-light", "Pass --yes")
    agree("first-light", f"Deploy to {where}, and destroy it all again?")


def _run(session: Session, twin: Twin, path: Path, options: Run, output: Output) -> int:
    from l3kit.clouds.ports.first_light import first_light_of
    from l3kit.errors import L3Error
    from l3kit.first_light.estimate import estimate
    from l3kit.first_light.report import save, save_recording
    from l3kit.first_light.run import first_light
    from l3kit.prices.price_book import load_prices

    command = clean_up_command(twin.name, options)
    output.tell(f"The twin is {twin.name}. Should this process die: {command}")
    light, cloud = first_light_of(options.cloud), session.clouds[options.cloud]
    recorder = light.recorder(cloud, twin)
    report = first_light(
        session,
        twin,
        estimated_usd=str(estimate(load_prices(), options.cloud).to_json()["total_usd"]),
        clean_up=command,
        tell=output.tell,
        keep_on_failure=options.keep_on_failure,
    )
    paths: tuple[Path, ...] = save(report, path, light.secrets(cloud, twin))
    try:
        paths += (save_recording(recorder, path),) if recorder else ()
    except L3Error as error:
        output.tell(str(error))
    _conclude(report, paths, output)
    return report.exit_code


def _conclude(report: Report, paths: tuple[Path, ...], output: Output) -> None:
    content = {"verdict": report.verdict, "left": report.left, "report": [str(path) for path in paths]}
    passed = sum(step.verdict == "done" for step in report.steps)
    lines = [
        f"{report.verdict}: {passed} of {len(report.steps)} steps",
        *(f"  {step.verdict:11} {step.seconds:7.1f} s  {step.name}: {step.found}" for step in report.steps),
        f"report: {' and '.join(map(str, paths))}",
        *([f"kept by the cloud for a while: {', '.join(report.kept)}"] if report.kept else []),
    ]
    output.say(content, "\n".join(lines))
    if report.clean_up:
        left = "unknown resources" if report.left is None else f"{len(report.left)} resources:"
        output.tell(f"Left in the account: {left} {', '.join(report.left or ())}\nRemove it: {report.clean_up}")


def _clean_up(session: Session, twin: Twin, output: Output) -> int:
    from l3kit.first_light.run import remove

    left = remove(session, twin, output.tell)
    output.say(
        {"twin": twin.name, "left": left}, f"{twin.name}: {', '.join(left) + ' left' if left else 'nothing is left'}"
    )
    return LEFT_OVER if left else SUCCESS


def clean_up_command(name: str, options: Run) -> str:
    """The shell command that removes what a run has created."""
    words = ["l3kit", "first-light", options.cloud, "--clean-up", name, "--region", options.region]
    words += ["--profile", options.profile] if options.profile else []
    words += ["--project", options.project] if options.project else []
    words += ["--target", "sandbox", "--sandbox", options.sandbox] if options.target == "sandbox" else []
    return shlex.join(words)

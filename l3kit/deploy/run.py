"""Plan, apply, destroy: all three compare the same resources with the cloud; apply and destroy also change it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from l3kit.clouds.ports.deployed_links import DeployedLinks, utc_now
from l3kit.clouds.ports.provisioner import Provisioner
from l3kit.clouds.ports.resources import AlreadyThereError, Finding, Resource
from l3kit.deploy.alarm_notes import alarm_notes
from l3kit.deploy.apply_result import ApplyResult
from l3kit.deploy.desired import all_possible_resources, desired_resources, orphaned_resources
from l3kit.deploy.event_targets import Reach, missing_targets, reach
from l3kit.deploy.expiry_notes import expiry_notes
from l3kit.deploy.message_chain import check_message_chain
from l3kit.deploy.plan import Plan, Step, findings, step_for
from l3kit.deploy.step_log import StepLog
from l3kit.deploy.turns import PATIENCE, is_taken, turn
from l3kit.errors import L3Error, ProvisioningError
from l3kit.notebook.gaps import Gap
from l3kit.providers import provider as provider_of
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

NEITHER = "is neither shown nor removed: this session has no access to it"
CHANGING = "Another program is changing this twin at this moment: apply waits until it has ended."
Progress = Callable[[int, int, str], None]
"""Called with the number of steps done, the total, and the step's text."""


def no_progress(done: int, total: int, text: str) -> None:
    """Show no progress."""


def plan(
    twin: Twin,
    session: Session,
    *,
    clouds: Collection[str] | None = None,
    rotate_tokens: bool = False,
    now: Callable[[], datetime] = utc_now,
    reach: Reach = reach,
) -> Plan:
    """Compare the actual resources with the desired ones. Changes nothing in any cloud.

    The twin's connection file is updated from what is deployed; notes report the differences.

    Args:
        clouds: plan only these clouds; None or empty is all.
        rotate_tokens: give every cross-cloud link a new token.
        now: wall clock, UTC, by which former tokens expire.
        reach: checks whether something answers at an event's url.
    Raises: ConfigurationError if the message chain's clouds cannot do what the twin requires; ProvisioningError if a
        layer is on a cloud that cannot be deployed yet; MissingConnectionError if a link to another cloud has no url or
        token; PermissionMissingError.
    """
    check_message_chain(twin)
    links, log_file = session.links(twin, now), session.deploy_log(twin)
    chosen = _chosen(twin, session, clouds)
    begun = [cloud for cloud in _begun(session) if not clouds or cloud in clouds]
    reached = _provisioners(twin, session, links, (*chosen, *begun))
    provisioners = {cloud: reached[cloud] for cloud in chosen}
    notes = tuple(note for cloud in provisioners.values() for note in cloud.preflight())
    notes += links.refresh(provisioners)
    notes += alarm_notes(twin, session, chosen)
    if twin.layout.host_of("event-checker") in provisioners:
        notes += missing_targets(twin.events, in_sandbox=session.sandbox_home is not None, reach=reach)
    resources = desired_resources(twin.layout, links, provisioners, rotate_tokens=rotate_tokens)
    # A former layout may have left something on any cloud.
    left_over = orphaned_resources(twin.layout, links, {cloud: reached[cloud] for cloud in begun if cloud in reached})
    steps = [step_for(r, f, destroying=False, data=False) for r, f in _owned(findings(resources))]
    steps += [
        Step("delete", r.kind, r.name, "the layout no longer needs it", r)
        for r, f in findings(left_over)
        if f.exists and f.owned
    ]
    notes += (*expiry_notes(twin, steps), *_under_way(log_file, steps))
    return Plan(f"deploy {twin.name}", tuple(steps), log_file, (*resources, *left_over), notes)


def plan_destroy(twin: Twin, session: Session, *, data: bool = False) -> Plan:
    """Plan the removal of everything that carries this twin's tag; tables and buckets only with `data`.

    Resources on a cloud that this session does not reach are a gap of the plan: neither listed nor removed.
    """
    links = session.links(twin)
    gaps = tuple(
        Gap("", f"what {twin.name} has on {provider}", NEITHER, f"Connect to {provider} as well")
        for provider in twin.layout.clouds
        if session.cloud(provider) is None
    )
    everywhere = _provisioners(twin, session, links, _begun(session))
    resources = tuple(reversed(all_possible_resources(twin.layout, links, everywhere)))
    steps = [step_for(r, f, destroying=True, data=data) for r, f in findings(resources) if f.exists]
    title, log_file = f"destroy {twin.name}", session.deploy_log(twin)
    removes = any(step.action == "delete" for step in steps)
    left = tuple(note for cloud in everywhere.values() for note in cloud.left_behind()) if removes else ()
    notes = (*((CHANGING,) if is_taken(log_file) else ()), *left)
    return Plan(title, tuple(steps), log_file, resources, notes, destroying=True, data=data, gaps=gaps, left=left)


def _under_way(log_file: Path, steps: Iterable[Step]) -> tuple[str, ...]:
    """Return a note on another apply that is under way, or that ended before it was complete."""
    if is_taken(log_file):
        return (CHANGING,)
    begun = StepLog(log_file).unfinished()
    left = [begun[key] for step in steps if step.action != "unchanged" and (key := (step.kind, step.name)) in begun]
    return (f"An earlier apply was interrupted at: {', '.join(left)}. Applying completes it.",) if left else ()


def apply(plan: Plan, session: Session, *, progress: Progress = no_progress, patience: float = PATIENCE) -> ApplyResult:
    """Apply a plan. Each resource is compared again right before it is changed, so a stale plan does no harm.

    Waits for another apply of the twin on this machine to end.

    Args:
        patience: seconds to wait.
    Raises: ProvisioningError that names the step; earlier steps stay done, and applying again completes the rest. Also
        if the other apply takes too long, or has created resources that this plan to destroy does not have.
    """

    def waiting() -> None:
        progress(0, len(plan.steps), f"waiting for another program that changes this twin, to {plan.title}")

    with turn(plan.log_file, plan.title, waiting=waiting, seconds=patience) as waited:
        if waited and plan.destroying:
            with session.watching_sandbox():
                _check_nothing_new(plan)
        return _apply(plan, session, progress)


def _apply(plan: Plan, session: Session, progress: Progress) -> ApplyResult:
    started = time.monotonic()
    log = StepLog(plan.log_file)
    done: list[Step] = []
    kept: list[Step] = []
    unchanged = 0
    for number, planned in enumerate(plan.steps):
        progress(number, len(plan.steps), f"{planned.action} {planned.kind} {planned.name}")
        before = f"{len(done)} steps were done before it; apply again to complete the rest"
        try:
            with session.watching_sandbox():
                step = _now(planned, plan)
                if step is None or step.action == "unchanged":
                    unchanged += 1
                    continue
                if step.action == "keep":
                    kept.append(step)
                    continue
                _carry_out(step, log, before)
        except KeyboardInterrupt as stop:
            stop.add_note(f"Interrupted at: {planned.action} {planned.kind} {planned.name}; {before}")
            raise
        done.append(step)
    progress(len(plan.steps), len(plan.steps), "done")
    took = time.monotonic() - started
    return ApplyResult(plan.title, tuple(done), unchanged, took, plan.gaps, tuple(kept), plan.destroying, plan.left)


def destroy(twin: Twin, session: Session, *, data: bool = False, progress: Progress = no_progress) -> ApplyResult:
    """Remove everything with this twin's tag; tables and buckets only with `data`. `plan_destroy` is the dry run.

    Raises: ProvisioningError that names the step; calling it again removes the rest.
    """
    return apply(plan_destroy(twin, session, data=data), session, progress=progress)


def _check_nothing_new(plan: Plan) -> None:
    """Check that a plan to destroy lists all existing resources. Raises: ProvisioningError."""
    listed = {(step.kind, step.name) for step in plan.steps}
    others = [resource for resource in plan.resources if (resource.kind, resource.name) not in listed]
    new = [resource for resource, finding in findings(tuple(others)) if finding.exists]
    if new:
        raise ProvisioningError(
            plan.title,
            f"another program made {count_of(len(new), 'resource')} that this plan does not list, such as "
            f"{new[0].kind} {new[0].name}; nothing was removed",
            "Plan it again",
        )


def _now(planned: Step, plan: Plan) -> Step | None:
    """Return the step needed now; None if nothing remains to be done."""
    finding = planned.resource.compare()
    if planned.action in ("delete", "keep") and not finding.exists:
        return None
    if planned.action == "delete":
        # Deletion was agreed to as planned, with data; resources protected or under another owner since then are kept.
        step = step_for(planned.resource, finding, destroying=True, data=True)
        return planned if step.action == "delete" else step
    if planned.action == "keep":
        return planned
    ((resource, finding),) = _owned([(planned.resource, finding)])
    return step_for(resource, finding, destroying=False, data=plan.data)


def _carry_out(step: Step, log: StepLog, afterwards: str) -> None:
    log.note("begin", step.action, step.kind, step.name, step.reason)
    try:
        _act(step.action, step.resource)
    except L3Error as error:
        # such as what was awaited, or a role of an account
        of_another = error.resource not in (step.name, f"{step.kind} {step.name}")
        cause = f"{error.resource}: {error.cause}" if of_another else error.cause
        log.note("failed", step.action, step.kind, step.name, cause)
        raise ProvisioningError(
            f"{step.action} {step.kind} {step.name}", cause, f"{error.remedy} ({afterwards})".strip()
        ) from error
    log.note("done", step.action, step.kind, step.name)


def _act(action: str, resource: Resource) -> None:
    try:
        {"create": resource.create, "update": resource.update, "delete": resource.delete}[action]()
    except AlreadyThereError:
        # If a response was lost, the retry of the call is refused: check whether the existing resource is ours.
        ((_, finding),) = _owned([(resource, resource.compare())])
        if not finding.exists:
            raise
        resource.update()


def _owned(found: Iterable[tuple[Resource, Finding]]) -> Iterable[tuple[Resource, Finding]]:
    """Yield the findings. Raises: ProvisioningError if a resource has another owner, or cannot be made as desired."""
    for resource, finding in found:
        if finding.exists and not finding.owned:
            raise finding.stranger or ProvisioningError(
                f"{resource.kind} {resource.name}",
                "exists without this twin's ownership tag",
                "Rename the twin, or remove the resource by hand if it is not in use",
            )
        if finding.fault is not None:
            raise finding.fault
        yield resource, finding


def _chosen(twin: Twin, session: Session, clouds: Collection[str] | None) -> tuple[str, ...]:
    """Return the requested clouds of the twin. Raises: ProvisioningError if one is not reached."""
    chosen, used = twin.layout.clouds_among(clouds), ", ".join(twin.layout.clouds)
    if unknown := sorted(set(clouds or ()) - set(twin.layout.clouds)):
        raise ProvisioningError(f"twin {twin.name}", f"has no tier on {', '.join(unknown)}", f"Its clouds: {used}")
    strange = sorted(cloud for cloud in chosen if session.cloud(cloud) is None)
    if strange:
        names = " and ".join(strange)
        reached = [name for name in twin.layout.clouds if session.cloud(name)]
        titles = " and ".join(provider_of(name).title for name in reached)
        part = f", or deploy the part on {titles} alone with clouds={json.dumps(reached)}" if reached else ""
        raise ProvisioningError(
            f"twin {twin.name}",
            f"l3kit deploys to {names} in the sandbox only, not yet to the real cloud; nothing was done",
            f'Use the target "sandbox"{part}',
        )
    return chosen


def _provisioners(
    twin: Twin, session: Session, links: DeployedLinks, clouds: Collection[str]
) -> dict[str, Provisioner]:
    """Return the provisioners of those of these clouds that this session can open."""
    reached = {name: session.any_cloud(name) for name in dict.fromkeys(clouds)}
    return {name: cloud.provisioner(twin, links) for name, cloud in reached.items() if cloud}


def _begun(session: Session) -> Sequence[str]:
    """Return the clouds that may hold resources: in a sandbox only those started, since each starts empty."""
    if session.sandbox_home is not None:
        from l3kit.sandbox.state import Home, read_state

        state = read_state(Home(session.sandbox_home))
        if state is not None:
            return state.clouds
    return tuple(session.clouds)

"""Plan, apply, destroy: all three compare the same resources with the cloud; apply and destroy also change it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from l3kit.clouds.ports.deployed_links import DeployedLinks, utc_now
from l3kit.clouds.ports.provisioner import Provisioner
from l3kit.clouds.ports.resources import AlreadyThereError, Finding, Resource
from l3kit.deploy.desired import all_possible_resources, desired_resources, orphaned_resources
from l3kit.deploy.event_targets import Reach, missing_targets, reach
from l3kit.deploy.message_chain import check_message_chain
from l3kit.deploy.plan import Plan, Step, findings, kept_in_words, step_for, steps_frame, steps_json, steps_table
from l3kit.deploy.step_log import StepLog
from l3kit.errors import L3Error, ProvisioningError
from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import Gap, gaps_clause, gaps_tables
from l3kit.notebook.tables import Displayable, Sheet
from l3kit.providers import provider as provider_of

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin

NEITHER = "is neither shown nor removed: this session has no access to it"
Progress = Callable[[int, int, str], None]
"""Called with the number of steps done, the total, and the step's text."""


def no_progress(done: int, total: int, text: str) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True, repr=False)
class ApplyResult(Displayable, Answer):
    """The result of applying a plan.

    Attributes:
        done: steps carried out, in order.
        unchanged: number of resources that needed no change; in a plan to destroy, of those already gone.
        seconds: duration.
        gaps: parts that the plan omitted.
        kept: resources that a plan to destroy kept, each with the reason.
    """

    title: str
    done: tuple[Step, ...]
    unchanged: int
    seconds: float
    gaps: tuple[Gap, ...] = ()
    kept: tuple[Step, ...] = ()
    destroying: bool = False

    @property
    def complete(self) -> bool:
        """Whether every cloud of the twin was reached."""
        return not self.gaps

    def summary(self) -> str:
        return f"{self.title}: {', '.join([*self._counts(), *kept_in_words(self.kept)])}{gaps_clause(self.gaps)}"

    def _counts(self) -> list[str]:
        counts: Counter[str] = Counter(step.action for step in self.done)
        words = {"create": "created", "update": "updated", "delete": "deleted"}
        parts = [f"{counts[action]} {word}" for action, word in words.items() if counts[action]]
        if self.destroying:
            gone = [f"{self.unchanged} gone already"] if self.unchanged else []
            return [*(parts or ["nothing was deleted"]), *gone]
        if not parts:
            return ["nothing to change", f"all {self.unchanged} resources are as they should be"]
        return [*parts, f"{self.unchanged} as they were"]

    def sheet(self) -> Sheet:
        """Return the steps done, and the resources kept with the reason."""
        steps = (*self.done, *self.kept)
        return Sheet(self.summary(), (*gaps_tables(self.gaps), *([steps_table(steps)] if steps else [])))

    def to_frame(self) -> pd.DataFrame:
        """Columns action, resource, name, reason: what was done, then what was kept."""
        return steps_frame((*self.done, *self.kept))

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "done": steps_json(self.done),
            "kept": steps_json(self.kept),
            "unchanged": self.unchanged,
            "complete": self.complete,
            "gaps": [asdict(gap) for gap in self.gaps],
        }


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
        reach: looks whether something answers where an event's url leads.
    Raises: ConfigurationError if the message chain's clouds cannot do what the twin asks for; ProvisioningError if a
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
    open_steps = StepLog(log_file).unfinished()
    changed = [(step.kind, step.name) for step in steps if step.action != "unchanged"]
    interrupted = [open_steps[step] for step in changed if step in open_steps]
    if interrupted:
        notes = (*notes, f"An earlier apply was interrupted at: {', '.join(interrupted)}. Applying completes it.")
    return Plan(f"deploy {twin.name}", tuple(steps), log_file, (*resources, *left_over), notes)


def plan_destroy(twin: Twin, session: Session, *, data: bool = False) -> Plan:
    """Plan the removal of all that carries this twin's tag; tables and buckets only with `data`.

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
    title = f"destroy {twin.name}"
    return Plan(title, tuple(steps), session.deploy_log(twin), resources, destroying=True, data=data, gaps=gaps)


def apply(plan: Plan, session: Session, *, progress: Progress = no_progress) -> ApplyResult:
    """Apply a plan. Each resource is compared again right before it is changed, so a stale plan does no harm.

    Raises: ProvisioningError that names the step; earlier steps stay done, and applying again completes the rest.
    """
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
    return ApplyResult(plan.title, tuple(done), unchanged, took, plan.gaps, tuple(kept), plan.destroying)


def destroy(twin: Twin, session: Session, *, data: bool = False, progress: Progress = no_progress) -> ApplyResult:
    """Remove all that carries this twin's tag; tables and buckets only with `data`. `plan_destroy` is the dry run.

    Raises: ProvisioningError that names the step; calling it again removes the rest.
    """
    return apply(plan_destroy(twin, session, data=data), session, progress=progress)


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
        log.note("failed", step.action, step.kind, step.name, error.cause)
        raise ProvisioningError(
            f"{step.action} {step.kind} {step.name}", error.cause, f"{error.remedy} ({afterwards})".strip()
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
            raise ProvisioningError(
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
    """Return the provisioners of those of these clouds that this session reaches."""
    reached = {name: session.cloud(name) for name in dict.fromkeys(clouds)}
    return {name: cloud.provisioner(twin, links) for name, cloud in reached.items() if cloud}


def _begun(session: Session) -> Sequence[str]:
    """Return the clouds that may hold resources: in a sandbox only those started, since each starts empty."""
    if session.sandbox_home is not None:
        from l3kit.sandbox.state import Home, read_state

        state = read_state(Home(session.sandbox_home))
        if state is not None:
            return state.clouds
    return tuple(session.clouds)

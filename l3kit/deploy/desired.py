"""The desired state: all resources of a twin over all its clouds, in order of creation, receivers before senders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from l3kit.clouds.ports.deployed_links import DeployedLinks
from l3kit.clouds.ports.link_authentication import check_receiver_first
from l3kit.clouds.ports.provisioner import PendingChanges, Provisioner
from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.links import TOKEN_EXPIRES, LeftOverLink, LinkToken
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE
from l3kit.twin.layout import ORDER, READERS, SCHEDULED, STORED, Layout


def desired_resources(
    layout: Layout, links: DeployedLinks, provisioners: Mapping[str, Provisioner], *, rotate_tokens: bool = False
) -> tuple[Resource, ...]:
    """Return all resources that the layout requires on these clouds.

    Raises: MissingConnectionError if a layer here sends to a cloud that is not among them and whose writer is unknown;
        ConfigurationError if it would authenticate in another way than that writer knows.
    """
    for link in layout.links:  # one that stays within them is made by the deployment
        if link.source in provisioners and link.target not in provisioners:
            links.address(link)
            check_receiver_first(links, link)
    tokens = _tokens(layout, links, provisioners, rotate_tokens)
    functions = [(name, cloud) for name in ORDER if (cloud := provisioners.get(layout.host_of(name) or ""))]
    scheduled = [(cloud, here) for name, cloud in provisioners.items() if (here := layout.scheduled_on(name))]
    running = [(cloud, here) for name, cloud in provisioners.items() if (here := layout.functions_on(name))]
    return (
        *(r for cloud in provisioners.values() for r in cloud.foundation()),
        *(r for name, cloud in provisioners.items() for r in cloud.stores(layout.stored_on(name))),
        *(r for cloud, here in running for r in cloud.shared(here)),
        *tokens,
        *(
            r
            for name, cloud in functions
            for r in cloud.function_parts(name, _pending_changes(layout, links, name, tokens))
        ),
        *(r for cloud in provisioners.values() for r in cloud.alarms()),
        *(r for cloud, here in scheduled for r in cloud.schedules(here)),
    )


def orphaned_resources(
    layout: Layout, links: DeployedLinks, provisioners: Mapping[str, Provisioner]
) -> tuple[Resource, ...]:
    """Return the resources that a former layout may have left on these clouds.

    These are functions that the current layout does not need, addresses of readers that should have none, the
    entries of both, and alarms that the twin does not ask for.

    They are in order of removal: first schedules and routes, then callers before the functions that they call.
    """
    left: list[Resource] = []
    for name, cloud in provisioners.items():
        here = layout.functions_on(name)
        gone = [function for function in ORDER if function not in here]
        left += cloud.left_over_schedules([function for function in SCHEDULED if function in gone])
        left += cloud.left_over_alarms()
        left += reversed([r for function in gone for r in cloud.function_parts(function, tuple)])
        closed = [reader for reader in READERS if reader in here and not layout.entrance_of(reader)]
        left += cloud.left_over_addresses(closed)
        left += cloud.left_over_shared(here)
        left += [LeftOverLink(links, link) for link in links.left_over(name)]
    return tuple(left)


def all_possible_resources(
    layout: Layout, links: DeployedLinks, provisioners: Mapping[str, Provisioner]
) -> tuple[Resource, ...]:
    """Everything that any layout of the twin may have on these clouds, in order of creation, without foundations."""
    return (
        *(r for cloud in provisioners.values() for r in cloud.stores(STORED)),
        *(r for name, cloud in provisioners.items() for r in _shared(layout, name, cloud)),
        *_tokens(layout, links, provisioners, False),
        *(r for cloud in provisioners.values() for name in ORDER for r in cloud.function_parts(name, tuple)),
        *(r for cloud in provisioners.values() for r in (*cloud.alarms(), *cloud.left_over_alarms())),
        *(r for cloud in provisioners.values() for r in cloud.schedules(SCHEDULED)),
    )


def _shared(layout: Layout, name: str, cloud: Provisioner) -> tuple[Resource, ...]:
    here = layout.functions_on(name)
    return (*reversed(cloud.left_over_shared(here)), *(cloud.shared(here) if here else ()))


def _tokens(
    layout: Layout, links: DeployedLinks, provisioners: Mapping[str, Provisioner], rotate: bool
) -> list[LinkToken]:
    entrances = [entrance for entrance in reversed(layout.entrances) if entrance.target in provisioners]
    return [LinkToken(links, entrance.id, rotate) for entrance in entrances]


def _pending_changes(
    layout: Layout, links: DeployedLinks, function: str, tokens: Sequence[LinkToken]
) -> PendingChanges:
    """Return the changes that a rotated token brings to its receiver and its sender."""
    entrance, link = layout.entrance_of(function), layout.link_from(function)
    ends = {end.id for end in (entrance, link) if end}

    def pending_changes() -> tuple[str, ...]:
        found = []
        for token in (token for token in tokens if token.name in ends):
            finding = token.compare()
            if finding.differences == (TOKEN_EXPIRES,):
                found += [f"variable {FORMER_VARIABLE} will differ"] if entrance else []
            elif not finding.exists or finding.differences:
                found.append(f"variable {TOKEN_VARIABLE} will differ")
            there = links.get(token.name)
            if link and not (there and there.url.strip()):
                found.append(f"variable {FUNCTIONS[function].remote_url} will differ")
        return tuple(dict.fromkeys(found))

    return pending_changes

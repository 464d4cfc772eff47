"""All resources of a twin on all its clouds, in creation order: receivers before senders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from l3kit.clouds.ports.deployed_links import DeployedLinks
from l3kit.clouds.ports.provisioner import Coming, Provisioner
from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.links import LAPSING, LeftOverLink, LinkToken
from l3kit.tiering.settings import FUNCTIONS
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE
from l3kit.twin.layout import (
    MOVERS,
    ORDER,
    RECEIVERS,
    TIERS,
    check_connections,
    functions_of,
    host_of,
    receiving_link,
    sending_link,
    sends_abroad,
)

if TYPE_CHECKING:
    from l3kit.twin.config import Twin


def wanted(
    twin: Twin, links: DeployedLinks, provisioners: Mapping[str, Provisioner], *, rotate_tokens: bool = False
) -> tuple[Resource, ...]:
    """Return all resources that the layout requires on these clouds.

    Raises: MissingConnectionError if a tier here sends to a cloud that is not among them and whose writer is unknown.
    """
    check_connections(twin, links, provisioners)
    tokens = _tokens(twin, links, provisioners, rotate_tokens)
    return (
        *_stores(twin, provisioners),
        *tokens,
        *_functions(twin, links, provisioners, tokens),
        *(r for cloud, here in _movers(twin, provisioners) for r in cloud.schedules(here)),
    )


def unwanted(twin: Twin, links: DeployedLinks, provisioners: Mapping[str, Provisioner]) -> tuple[Resource, ...]:
    """Return resources that a former layout may have left on these clouds: unused functions and their links."""
    left: list[Resource] = []
    for provider, cloud in provisioners.items():
        gone = [name for name in ORDER if name not in functions_of(twin, provider)]
        left += cloud.left_over_schedules([name for name in MOVERS if name in gone])
        left += [r for name in gone for r in cloud.function_parts(name, tuple)]
        left += [LeftOverLink(links, link) for link in links.left_over(provider)]
    return tuple(left)


def wanted_for_removal(
    twin: Twin, links: DeployedLinks, provisioners: Mapping[str, Provisioner]
) -> tuple[Resource, ...]:
    """Return all resources that any layout of this twin may have on these clouds, in creation order."""
    return (
        *(r for cloud in provisioners.values() for r in cloud.stores(TIERS)),
        *_tokens(twin, links, provisioners, False),
        *(r for cloud in provisioners.values() for name in ORDER for r in cloud.function_parts(name, tuple)),
        *(r for cloud in provisioners.values() for r in cloud.schedules(MOVERS)),
    )


def _stores(twin: Twin, provisioners: Mapping[str, Provisioner]) -> list[Resource]:
    found: list[Resource] = []
    for provider, cloud in provisioners.items():
        found += cloud.stores([tier for tier in TIERS if twin.providers.tier(tier) == provider])
    return found


def _tokens(twin: Twin, links: DeployedLinks, provisioners: Mapping[str, Provisioner], rotate: bool) -> list[LinkToken]:
    here = [name for name in RECEIVERS if host_of(twin, name) in provisioners]
    return [LinkToken(links, receiving_link(twin, name), rotate) for name in here]


def _functions(
    twin: Twin, links: DeployedLinks, provisioners: Mapping[str, Provisioner], tokens: Sequence[LinkToken]
) -> list[Resource]:
    parts: list[Resource] = []
    for name in ORDER:
        host = host_of(twin, name)
        if host in provisioners and host is not None:
            parts += provisioners[host].function_parts(name, _coming(twin, links, name, tokens))
    return parts


def _coming(twin: Twin, links: DeployedLinks, function: str, tokens: Sequence[LinkToken]) -> Coming:
    """Return the pending token change of an earlier step, which reaches both the receiver and the sender."""
    ends = {receiving_link(twin, function)} if function in RECEIVERS else set()
    if sends_abroad(twin, function):
        ends.add(sending_link(twin, function))

    def coming() -> tuple[str, ...]:
        found = []
        for token in (token for token in tokens if token.name in ends):
            finding = token.compare()
            if finding.differences == (LAPSING,):
                found += [f"variable {FORMER_VARIABLE} will differ"] if function in RECEIVERS else []
            elif not finding.exists or finding.differences:
                found.append(f"variable {TOKEN_VARIABLE} will differ")
            there = links.get(token.name)
            if function not in RECEIVERS and not (there and there.url.strip()):
                found.append(f"variable {FUNCTIONS[function].remote_url} will differ")
        return tuple(dict.fromkeys(found))

    return coming


def _movers(twin: Twin, provisioners: Mapping[str, Provisioner]) -> list[tuple[Provisioner, list[str]]]:
    here = {p: [name for name in MOVERS if host_of(twin, name) == p] for p in provisioners}
    return [(provisioners[provider], movers) for provider, movers in here.items() if movers]

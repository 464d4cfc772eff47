"""Notes of a plan on alarms: functions that are not watched, the cost, and subscribers that have not confirmed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from l3kit.clouds.ports.alarms import Alarms, alarms_of, watch_size
from l3kit.errors import L3Error
from l3kit.prices.price_book import Site, load_prices
from l3kit.providers import billing_of, provider
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

INSTEAD = "l3kit runs reports on the movers, l3kit letters on dead letters"


def alarm_notes(twin: Twin, session: Session, clouds: Collection[str]) -> tuple[str, ...]:
    """Return sentences on the alarms of the twin's parts on these clouds; none if it asks for no alarms."""
    if not twin.has_alarms:
        return ()
    return tuple(note for name in watched_clouds(twin) if name in clouds for note in _notes(twin, session, name))


def watched_clouds(twin: Twin) -> tuple[str, ...]:
    """Return the clouds that run something that alarms watch: a scheduled function, or one of the message chain."""
    layout = twin.layout
    return tuple(name for name in layout.clouds if layout.scheduled_on(name) or layout.has_letters_on(name))


def unwatched(twin: Twin, cloud: str) -> tuple[str, str, str]:
    """Return what is not watched on a cloud without alarms, the reason, and the remedy."""
    names = list(twin.layout.scheduled_on(cloud))
    names += ["dead letters"] if twin.layout.has_letters_on(cloud) else []
    return f"{' and '.join(names)} on {cloud}", f"l3kit has no alarms on {provider(cloud).title} yet", INSTEAD


def _notes(twin: Twin, session: Session, name: str) -> Iterator[str]:
    service = alarms_of(name)
    if service is None:
        what, why, remedy = unwatched(twin, name)
        yield f"No alarm watches {what}: {why}. {remedy}."
        return
    yield from service.notes(twin)
    yield _cost(twin, name)
    yield from _waiting(twin, session, name, service)


def _waiting(twin: Twin, session: Session, name: str, service: Alarms) -> Iterator[str]:
    cloud = session.cloud(name)
    if cloud is None:
        return
    try:
        watch = service.watch(twin, cloud)
    except L3Error as error:
        yield f"Whether those in notify have confirmed could not be read: {error.resource}: {error.cause}."
        return
    waiting = [one.address for one in watch.subscribers if one.state == "waits"]
    if waiting:
        yield f"{', '.join(waiting)} must still confirm; until then no alarm is sent there."


def _cost(twin: Twin, name: str) -> str:
    size, billing = watch_size(twin.layout, name), billing_of(name)
    counted = f"{count_of(size.alarms, 'alarm')} and {count_of(size.metrics, 'metric')} on {name}"
    if billing.watching is None:
        return f"{counted}: l3kit has no price for them."
    site = Site(load_prices(), name, billing.default_region)
    alarm, metric = (site.figure(*billing.watching, rate).value for rate in ("alarms", "metrics"))
    if alarm is None or metric is None:
        return f"{counted}: their price is not known."
    cost = size.alarms * alarm + size.metrics * metric
    where = f"by the list price of {billing.default_region} (docs/how-to/alarms.md)"
    return f"{counted} cost up to ${cost:.2f} a month, {where}."

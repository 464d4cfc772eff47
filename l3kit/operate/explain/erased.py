"""Sentences and a table on the erases of one device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from l3kit.operate.erase.report import amounts_in_words
from l3kit.tiering.movers.report import iso

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from l3kit.operate.erase.past import PastErase, PastErases
    from l3kit.operate.erase.report import Unreached
    from l3kit.operate.explain.facts import DeviceFacts
    from l3kit.operate.explain.figures import DeviceFigures

COLUMNS = ("finished", "record", "where", "what", "pieces", "items", "bytes")


def erased_clause(past: PastErases) -> str:
    """The end of a summary: when the device was last erased; empty if it never was."""
    if not past.erases:
        return ""
    last = past.erases[-1]
    return (
        f"; erased at {iso(last.finished)}"
        if last.finished
        else f"; an erase begun at {iso(last.started)} has not ended"
    )


def erased_sentences(figures: DeviceFigures) -> Iterator[str]:
    """Sentences on each erase, the first one first, and on what came in since."""
    facts = figures.facts
    for erase in facts.erased.erases:
        if erase.finished is None:
            yield from _not_ended(facts, erase)
            continue
        by, reason = f" by {erase.by}" if erase.by else "", f" ({erase.reason})" if erase.reason else ""
        yield f"Erased at {iso(erase.finished)}{by}{reason}: {amounts_in_words(erase.tally)}."
        yield f"Recorded in {erase.record}."
        if erase.unreached is None:
            yield "Its record does not say what it did not reach."
        for one in erase.unreached or ():
            yield _not_reached(one, facts.now)
    past = facts.erased.erases
    if past and past[-1].finished and any(tier.items or tier.objects for tier in figures.tiers):
        yield "What the tiers hold now came in after that."


def _not_ended(facts: DeviceFacts, erase: PastErase) -> Iterator[str]:
    again = f"l3kit erase {facts.twin} {facts.device_id} goes on with it"
    if erase.look_again and erase.look_again > facts.now:
        again += f", and can finish from {iso(erase.look_again)} on"
    yield f"An erase begun at {iso(erase.started)} has not ended: {again}."
    yield f"Erased so far, or about to be: {amounts_in_words(erase.tally)}."
    yield f"Recorded below {erase.record}."


def _not_reached(one: Unreached, now: datetime) -> str:
    if one.until is None:
        return f"Not reached: {one.what}, and it is not known until when.{_remedy(one)}"
    if one.until <= now:
        return f"Not reached: {one.what}, until {iso(one.until)}, which is over."
    return f"Not reached: {one.what}, until {iso(one.until)}.{_remedy(one)}"


def _remedy(one: Unreached) -> str:
    return f" {one.remedy.rstrip('.')}." if one.remedy else ""


def erased_of_tier(past: PastErases, tier: str) -> tuple[int | None, str]:
    """Return how many items all ended erases have deleted from a tier, and when the last one ended."""
    if not past.ended:
        return None, ""
    amounts = [amount for one in past.ended for (place, _), amount in one.tally.amounts.items() if place == tier]
    return sum(amount.items for amount in amounts), max(iso(one.finished) for one in past.ended if one.finished)


def erased_frame(past: PastErases) -> pd.DataFrame:
    """One row for each erase, place and kind; `finished` is empty for an erase that has not ended."""
    import pandas as pd

    rows = [
        [one.finished and iso(one.finished), one.record, *(row[name] for name in COLUMNS[2:])]
        for one in past.erases
        for row in one.tally.rows()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))

"""A device's page, from facts alone: what it counts, what it leaves out, and how it is shown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from l3kit.operate.explain.facts import EntryCheck, HotItems, Place
from l3kit.twin.schedules import Schedule
from tests.unit.operate.explain.pages import NOW, PLACES, chunk, entry, flat, hot, page, record, stamp, stamps


def test_a_device_without_data_says_so_on_one_short_page() -> None:
    text = flat(page())
    assert text.startswith(
        "pump-1 of t at 2026-06-01T00:00:00Z: 0 items hot, 0 items cold, 0 items archive; nothing is under way"
    )
    assert "No chunk is under way. No run has held the device yet." in text
    assert "Both movers run next at 2026-06-01T03:00:00Z, by cron(0 3 * * ? *)." in text
    assert "are due: 0 now, 0 at the next run." in text
    assert "Between the tiers" not in text
    assert "Moved below" not in text


def test_hot_items_are_counted_as_due_now_and_at_the_next_run() -> None:
    # The one that is 30 days old to the second is not older than 30 days yet, but will be three hours later.
    shown = page(hot=hot(stamps(0, 35)))
    text = flat(shown)
    assert "older than 30 days, now 2026-05-02T00:00:00Z, are due: 5 now, 6 at the next run." in text
    assert "The oldest that is not due yet, 2026-05-02T00:00:00Z, becomes due at 2026-06-01T00:00:00Z." in text
    assert (shown.due(NOW), shown.due(NOW + timedelta(days=7))) == (5, 12)
    assert shown.tiers[0].cells()[2:7] == ("36", "-", "1.8 KiB", stamp(35), stamp(0))


def test_what_is_out_of_reach_shows_no_zeros() -> None:
    away = (Place("hot", "azure", ""), Place("cold", "gcp", ""), PLACES[2])
    unreached = Schedule("unreached")
    shown = page(places=away, hot=None, cold=None, record=None, schedules=(unreached, unreached))
    text = flat(shown)
    assert "hot not reached, cold not reached, 0 items archive; the journal is not reached" in text
    assert [row.split()[:5] for row in str(shown).splitlines()[3:5]] == [
        ["hot", "azure", "?", "?", "?"],
        ["cold", "gcp", "?", "?", "?"],
    ]
    assert "The journal is on azure with the hot tier, which this session does not reach." in text
    assert "Both movers are scheduled on a cloud that this session does not reach." in text
    assert "the cold tier is on gcp" in text
    assert "are due" not in text


def test_an_item_that_cannot_be_moved_is_counted_and_named() -> None:
    keys = stamps(0, 40)
    shown = page(hot=HotItems(keys[1:], 2000, keys[-1], refused=((keys[0], "holds a half of a surrogate pair"),)))
    assert shown.tiers[0].cells()[2:7] == ("41", "-", "2.0 KiB", keys[0], keys[-1])
    assert "1 hot item: cannot be written as JSON, so they never move; the first is" in flat(shown)
    assert not shown.complete
    assert shown.due(NOW) == 9


def test_a_removed_device_is_told_what_becomes_of_its_data() -> None:
    shown = page(
        configured=False,
        hot=hot(stamps(0, 40)),
        record=record(entry("writing", 31, 40)),
        entry=EntryCheck(10, 0),
    )
    assert "The device is no longer in the twin's config: what is hot stays" in flat(shown)
    assert "No run takes it up while the device is not in the twin's config." in flat(shown)
    assert (shown.due(NOW + timedelta(days=999)), "are due" in flat(shown)) == (0, False)


def test_html_escapes_what_devices_are_called_and_json_is_plain() -> None:
    shown = page(device_id="<i>&", hot=hot(stamps(0, 40)), record=record(entry("stored", 31, 40)))
    assert "<i>&" not in shown._repr_html_()
    assert "&lt;i&gt;&amp;" in shown._repr_html_()
    content = json.loads(json.dumps(shown.to_json()))
    assert content["under_way"]["state"] == "stored"
    assert content["due_items"] == {"now": 0, "next_run": 1}
    assert content["tiers"][0]["items"] == 41
    assert repr(shown) == str(shown)


def test_a_page_is_complete_only_if_nothing_is_left_out_and_names_what_is() -> None:
    assert page().complete
    assert page().to_json()["gaps"] == []
    away = (replace(PLACES[0], store=""), *PLACES[1:])
    foreign = tuple(("cold", f"pump-1/{number}.txt") for number in range(12))
    shown = page(places=away, hot=None, cold=(chunk(400, 420, items=None),), foreign=foreign)
    assert not shown.complete
    gaps = shown.to_json()["gaps"]
    assert [gap["what"] for gap in gaps[:3]] == [
        "the hot tier",
        "the items of 1 cold chunk",
        "cold object pump-1/0.txt",
    ]
    assert gaps[-1]["what"] == "2 more objects"
    assert all(gap["remedy"] for gap in gaps)
    assert "Left out" in str(shown)

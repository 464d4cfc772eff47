"""Bugs in the cost model of a move, which real runs of the mover show."""

from __future__ import annotations

from tests.programs.bugs.mutation import Mutation

MOVES = "l3kit/cost/model/moves.py"
HOT_TIER = "l3kit/cost/model/hot_tier.py"
REAL = ("tests/unit/cost/model/test_moves_real_runs.py",)

COST = (
    Mutation(
        "the model bills every read twice",
        MOVES,
        "tier.scan(tally, sites.hot, moving, ops.maximum(items, 1), size,",
        "tier.scan(tally, sites.hot, moving * 2, ops.maximum(items, 1), size,",
        REAL,
    ),
    Mutation(
        "the model's reads are eventually consistent",
        HOT_TIER,
        "ops.ceil(rest * item_bytes / (4 * KB))",
        "ops.ceil(rest * item_bytes / (8 * KB))",
        REAL,
    ),
    Mutation(
        "the model rounds what it reads up to whole pages",
        HOT_TIER,
        "        return ops.maximum(units, 1)\n",
        "        return ops.maximum(ops.ceil(units / 256) * 256, 1)\n",
        REAL,
    ),
    Mutation(
        "the model does not ask for readings ahead of time",
        MOVES,
        "tier.scan(tally, sites.hot, w.devices, none, size,",
        "tier.scan(tally, sites.hot, w.devices * 0, none, size,",
        REAL,
    ),
    Mutation(
        "the model does not read a device's journal",
        MOVES,
        "tier.scan(tally, sites.hot, w.devices + 2, one,",
        "tier.scan(tally, sites.hot, one * 2, one,",
        REAL,
    ),
    Mutation(
        "a delete takes one unit in the model, whatever the item's size",
        HOT_TIER,
        """        units = items * self.delete_units(tally.ops, site, item_bytes)
        self._add(tally, site, self.rates[1], units, "delete moved items")
""",
        """        self._add(tally, site, self.rates[1], items, "delete moved items")
""",
        REAL,
    ),
    Mutation(
        "the model writes each chunk to the journal once",
        MOVES,
        "rest_writes = chunks.rest * (3 - any_full)",
        "rest_writes = chunks.rest * (2 - any_full)",
        REAL,
    ),
    Mutation(
        "the model's items have no comma in a chunk",
        MOVES,
        "ops.floor((self.chunk_bytes - 1) / (self.item_bytes + 1))",
        "ops.floor((self.chunk_bytes - 1) / self.item_bytes)",
        REAL,
    ),
    Mutation(
        "the model sends chunks uncompressed",
        MOVES,
        "sent = chunks.resized(w.wire_ratio)",
        "sent = chunks",
        REAL,
    ),
    Mutation(
        "the mover reads again what its chunk did not take",
        "l3kit/tiering/movers/device_move.py",
        "            settled = draft.sort_keys[-1]\n",
        "            settled = draft.sort_keys[-1]\n            due.read_again(settled)\n",
        (*REAL, "tests/unit/tiering/movers/test_due_items.py"),
    ),
    Mutation(
        "what the chunk did not take is forgotten",
        "l3kit/tiering/movers/device_move.py",
        "filler.drop(draft)  # frees",
        "filler.clear()  # frees",
        ("tests/unit/tiering/movers/test_due_items.py",),
    ),
)

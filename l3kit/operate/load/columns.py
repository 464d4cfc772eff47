"""Assignment of columns to device, time and members of an item. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from l3kit.errors import ConfigurationError
from l3kit.given_values import did_you_mean
from l3kit.operate.load.rows import ADDED
from l3kit.tiering.format.item_json import PARTITION_KEY, SORT_KEY
from l3kit.tiering.format.messages import DEVICE_NAMES, TIME_NAMES

_DEVICES = frozenset(("iotdeviceid", "deviceid", "device", "sensorid", "sensor"))
_TIMES = frozenset(("time", "timestamp", "datetime", "ts"))
"""Names of time columns, without case, blanks, hyphens and underscores."""
_SEPARATORS = str.maketrans("", "", " -_")
_REMEMBERED = 1_000
"""Maximum number of cached sets of names."""


@dataclass(frozen=True, slots=True)
class Places:
    """Positions of an item's parts in a row.

    Attributes:
        device: column of the device; empty if all rows are of one device.
        time: column of the time.
        members: the other columns in their order, each with its name in the item as JSON.
    """

    device: str
    time: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Finds the positions of an item's parts by the given options, else by the columns' names.

    Attributes:
        device, time: names of these columns; empty: found by name.
        device_id: the device of all rows; empty: it is in a column.
        rename: new names by old ones.
        value: the only columns to take; empty: all.
        drop: columns to omit.
        any_names: also accept l3kit's own names in bad-rows files.
    """

    device: str = ""
    device_id: str = ""
    time: str = ""
    rename: Mapping[str, str] = field(default_factory=dict)
    value: Collection[str] = ()
    drop: Collection[str] = ()
    any_names: bool = False
    _known: dict[tuple[str, ...], Places | ConfigurationError] = field(default_factory=dict, init=False, repr=False)
    _seen: set[str] = field(default_factory=set, init=False, repr=False)

    def of_table(self, names: Sequence[str], where: str) -> Places:
        """Return the places in a table with these columns. Raises: ConfigurationError naming the column."""
        for name in self._given():
            if name not in names:
                raise ConfigurationError(f"{where}: column {name!r}", "is not there", did_you_mean(name, names))
        return self.of_row(names, where)

    def with_keys(self, keys: Sequence[str]) -> Columns:
        """Use the key attributes of a table for device and time, if one of them has such a name."""
        device = self.device or ("" if self.device_id else _one_of(keys, DEVICE_NAMES, _DEVICES))
        may_be_time = [name for name in keys if name != SORT_KEY or PARTITION_KEY in keys]
        return replace(self, device=device, time=self.time or _one_of(may_be_time, TIME_NAMES, _TIMES))

    def with_names(self, names: Sequence[str], where: str) -> Columns:
        """Find device and time among these columns. Raises: ConfigurationError, also if a name cannot be stored."""
        for name in filter(None, (self.device, self.time)):
            if name not in names:
                cause = "is in no item of the sample that was read"
                raise ConfigurationError(f"{where}: attribute {name!r}", cause, did_you_mean(name, names))
        # No item need have all of these names, so two that are renamed to one are no fault yet.
        renamed = [name for name in self.rename if name not in (self.device, self.time)]
        of_a_table = replace(self, any_names=True)
        found = replace(of_a_table, rename={}, drop=(*self.drop, *renamed)).of_row(names, where)
        return replace(of_a_table, device=found.device, time=found.time)

    def unseen(self) -> list[str]:
        """Return the given columns that were in no row so far."""
        return [name for name in self._given() if name not in self._seen]

    def _given(self) -> list[str]:
        return [name for name in (self.device, self.time, *self.rename, *self.value, *self.drop) if name]

    def of_row(self, names: Iterable[str], where: str = "row") -> Places:
        """Return the places in a row with these columns, which other rows may lack. Raises: ConfigurationError."""
        key = tuple(names)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            try:
                found = self._find(key)
            except ConfigurationError as error:
                found = error
            self._known[key] = found
        if isinstance(found, ConfigurationError):
            raise ConfigurationError(where, found.cause, found.remedy)
        return found

    def _find(self, names: tuple[str, ...]) -> Places:
        self._seen.update(self._given() and names)
        usable = [name for name in names if (self.any_names or not name.startswith(ADDED)) and name not in self.drop]
        device = "" if self.device_id else self.device or _only(usable, "device", DEVICE_NAMES, _DEVICES)
        time = self.time or _time_column(usable)
        for name, what in ((device, "device"), (time, "time")):
            if name and name not in usable:
                raise ConfigurationError("", f"has no {what}: {name!r} is not there", _choose(what, names))
        members: dict[str, str] = {}
        for name in usable:
            if name in (device, time) or (self.value and name not in self.value):
                continue
            new = self.rename.get(name, name)
            if new in (PARTITION_KEY, SORT_KEY):
                remedy = f"Rename it (--rename {name}=another), leave it out (--drop {name}), or choose it"
                raise ConfigurationError("", f"column {name!r} cannot keep the name {new!r}, which items use", remedy)
            if new in members.values():
                raise ConfigurationError("", f"two columns would be called {new!r}", "Rename one of them (--rename)")
            members[name] = new
        return Places(device, time, tuple((name, orjson.dumps(new).decode()) for name, new in members.items()))


def _time_column(names: Sequence[str]) -> str:
    if PARTITION_KEY in names and SORT_KEY in names:  # an item as l3kit writes it
        return SORT_KEY
    return _only(names, "time", TIME_NAMES, _TIMES)


def _one_of(names: Sequence[str], exact: Sequence[str], similar: Collection[str]) -> str:
    """Return the only matching name; empty if there is none, or more than one."""
    found = _similar(names, exact, similar)
    return found[0] if len(found) == 1 else ""


def _similar(names: Sequence[str], exact: Sequence[str], similar: Collection[str]) -> list[str]:
    return [name for name in names if name in exact or name.translate(_SEPARATORS).lower() in similar]


def _only(names: Sequence[str], what: str, exact: Sequence[str], similar: Collection[str]) -> str:
    """Return the only matching name. Raises: ConfigurationError if there is none, or more than one."""
    if what == "device" and PARTITION_KEY in names:
        return PARTITION_KEY
    found = _similar(names, exact, similar)
    if not found:
        raise ConfigurationError("", f"no column is the {what} by its name", _choose(what, names))
    if len(found) > 1:
        raise ConfigurationError("", f"{' and '.join(map(repr, found))} could be the {what}", _choose(what, names))
    return found[0]


def _choose(what: str, names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:20]))
    of_one = ", or the one device of all rows with --device-id" if what == "device" else ""
    return f"Name it with --{what}{of_one}. The columns are {shown or 'none'}"

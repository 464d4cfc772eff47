"""Reading of price files: YAML into validated figures. Errors name file, key, value and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import yaml

from l3kit.errors import ConfigurationError
from l3kit.given_values import did_you_mean, read_yaml
from l3kit.prices.units import GIB, RATES, UNITS, Unit
from l3kit.providers import priced_names

Provider = str
"""Name of a cloud with a price file."""
_FILE_KEYS = ("provider", "currency", "bytes_per_gb", "sources", "regions")
_FIGURE_KEYS = ("value", "unit", "as_of", "source", "confirmed", "note")
_MAX_BYTES_PER_GB = GIB


class Key(NamedTuple):
    """Location of a figure: `aws us-east-1 s3.standard_ia.put`."""

    provider: Provider
    region: str
    service: str
    tier: str
    rate: str

    def __str__(self) -> str:
        return f"{self.provider} {self.region} {self.service}.{self.tier}.{self.rate}"


class Step(NamedTuple):
    """One step of a price that falls with the month's quantity: a price up to a number of units (None: unlimited)."""

    up_to: Decimal | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a price file.

    Attributes:
        steps: one for a flat price or plain figure; empty if the value is unknown (`value: null`).
        unit: as written in the file; `l3kit.prices.units.UNITS` defines it.
        as_of: the date when the figure was read or published; None if the source has no date.
        confirmed: whether it comes from the provider's price list or documentation.
        file: the file it was read from.
    """

    key: Key
    steps: tuple[Step, ...]
    unit: str
    as_of: date | None
    source: str
    confirmed: bool
    note: str
    file: str
    bytes_per_gb: int

    @property
    def known(self) -> bool:
        return bool(self.steps)

    @property
    def meaning(self) -> Unit:
        return UNITS[self.unit]

    @property
    def unit_size(self) -> int:
        """Amount of the measure (bytes, requests, ...) in one unit."""
        return self.meaning.size(self.bytes_per_gb)

    @property
    def value(self) -> Decimal | None:
        """The first step's price, or the plain figure; None if unknown."""
        return self.steps[0].price if self.steps else None


def read_prices(path: Path) -> dict[Key, Figure]:
    """All figures of one file.

    Raises: ConfigurationError naming file, key, value and what is allowed.
    """
    return _Reader(path.name).figures(read_yaml(path, _Loader))


_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where libyaml is there


class _Loader(_Safe):  # type: ignore[misc]
    """YAML loader that keeps the digits of decimal numbers and rejects duplicate keys."""


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> Decimal | str:
    text = str(loader.construct_scalar(node))
    try:
        return Decimal(text.replace("_", ""))
    except InvalidOperation:
        return text


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
        seen.add(key)
    table: dict[Any, Any] = yaml.SafeLoader.construct_mapping(loader, node, deep=True)
    return table


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


@dataclass(frozen=True, slots=True)
class _Reader:
    file: str

    def figures(self, content: Any) -> dict[Key, Figure]:
        top = self._table(content, "the file", _FILE_KEYS)
        provider = top.get("provider")
        if not isinstance(provider, str) or provider not in priced_names():
            self._refuse("provider", provider, ", ".join(priced_names()))
        if top.get("currency", "USD") != "USD":
            self._refuse("currency", top["currency"], "USD")
        per_gb = top.get("bytes_per_gb", GIB)
        if not isinstance(per_gb, int) or not 10**9 <= per_gb <= _MAX_BYTES_PER_GB:
            self._refuse("bytes_per_gb", per_gb, f"a whole number from 1000000000 to {GIB}")
        sources = self._table(top.get("sources") or {}, "sources")
        found: dict[Key, Figure] = {}
        for path, content in self._leaves(top.get("regions")):
            key = Key(provider, *path)
            found[key] = self._figure(key, content, sources, per_gb)
        if not found:
            self._refuse("regions", top.get("regions"), "regions: REGION: SERVICE: TIER: RATE: {value, unit, ...}")
        return found

    def _leaves(self, regions: Any) -> Iterator[tuple[tuple[str, str, str, str], Any]]:
        for region, services in self._table(regions or {}, "regions").items():
            for service, tiers in self._table(services, region).items():
                for tier, rates in self._table(tiers, f"{region}.{service}").items():
                    for rate, content in self._table(rates, f"{region}.{service}.{tier}", RATES).items():
                        yield (region, service, tier, rate), content

    def _figure(self, key: Key, content: Any, sources: Mapping[str, Any], per_gb: int) -> Figure:
        where = ".".join(key[1:])
        entry = self._table(content, where, _FIGURE_KEYS)
        for name in ("value", "unit", "source"):
            if name not in entry:
                self._refuse(f"{where}.{name}", "nothing", f"a figure with {', '.join(_FIGURE_KEYS[:4])}")
        unit = entry["unit"]
        if unit not in RATES[key.rate]:
            self._refuse(f"{where}.unit", unit, " | ".join(RATES[key.rate]))
        as_of = entry.get("as_of")
        if as_of is not None and type(as_of) is not date:
            self._refuse(f"{where}.as_of", as_of, "a date such as 2026-11-23, or null")
        confirmed = entry.get("confirmed", False)
        if not isinstance(confirmed, bool):
            self._refuse(f"{where}.confirmed", confirmed, "true, false")
        source = str(sources.get(str(entry["source"]), entry["source"]) or "")
        if not source.strip():
            self._refuse(f"{where}.source", entry["source"], "where the figure was read, as text")
        steps = self._steps(f"{where}.value", entry["value"])
        return Figure(key, steps, unit, as_of, source, confirmed, str(entry.get("note") or ""), self.file, per_gb)

    def _steps(self, where: str, value: Any) -> tuple[Step, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            return (Step(None, self._amount(where, value)),)
        steps: list[Step] = []
        for number, entry in enumerate(value):
            step = self._table(entry, f"{where}[{number}]", ("up_to", "price"))
            last = number == len(value) - 1
            up_to = step.get("up_to")
            if (up_to is None) != last:
                self._refuse(f"{where}[{number}].up_to", up_to, "a quantity; null in the last step and only there")
            limit = None if up_to is None else self._amount(f"{where}[{number}].up_to", up_to)
            if limit is not None and steps and steps[-1].up_to is not None and limit <= steps[-1].up_to:
                self._refuse(f"{where}[{number}].up_to", up_to, f"more than {steps[-1].up_to}, the step before")
            steps.append(Step(limit, self._amount(f"{where}[{number}].price", step.get("price"))))
        if not steps:
            self._refuse(where, value, "a number, null, or a list of steps")
        return tuple(steps)

    def _amount(self, where: str, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self._refuse(where, value, "a number, 0 or more")
        amount = Decimal(value)
        if not amount.is_finite() or amount < 0:
            self._refuse(where, value, "a number, 0 or more")
        return amount

    def _table(self, content: Any, where: str, known: Iterable[str] | None = None) -> dict[str, Any]:
        if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
            self._refuse(where, content, "a table of names and values")
        table: dict[str, Any] = content
        if known is not None:
            for key in table:
                if key not in (names := list(known)):
                    raise ConfigurationError(f"{self.file}: {where}.{key}", "is not known", did_you_mean(key, names))
        return table

    def _refuse(self, key: str, value: Any, allowed: str) -> NoReturn:
        shown = value if isinstance(value, str) else repr(value)
        raise ConfigurationError(f"{self.file}: {key}", f"{shown[:100]} is not allowed", f"Allowed: {allowed}")

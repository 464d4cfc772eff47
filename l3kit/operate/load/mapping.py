"""From a row to an item: a pure function of the row and the load's options."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import orjson

from l3kit.errors import ConfigurationError
from l3kit.operate.load.columns import Columns, Places
from l3kit.operate.load.rows import BadRow, Row, RowProblem, row_text
from l3kit.operate.load.times import BadTimeError, RowTimes
from l3kit.operate.telemetry import NO_CLOCK, loading_rules
from l3kit.tiering.format.messages import (
    MessageProblem,
    MessageRefusedError,
    MessageRules,
    Telemetry,
    normalise,
)

_STAMP = re.compile(r'\{"\$timestamp":("[^"]*")\}')
"""A timestamp of Firestore."""


@dataclass(frozen=True, slots=True)
class RowMapping:
    """Makes items of rows.

    Attributes:
        time_digits: the twin's.
        places: of a table with fixed columns; None: found in each row.
        devices: those of the twin, whose ids are valid.
    """

    columns: Columns
    times: RowTimes
    time_digits: int
    places: Places | None = None
    devices: frozenset[str] = frozenset()
    _rules: MessageRules = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rules", replace(loading_rules(self.time_digits), devices=self.devices))

    def item(self, row: Row) -> Telemetry | BadRow:
        """Return the item of a row, or the row as a bad one."""
        try:
            return normalise(self._message(row).encode(), self._rules, NO_CLOCK)
        except BadTimeError as error:
            return bad(row, error.problem, f"{error.resource} {error.cause}. {error.remedy}")
        except MessageRefusedError as error:
            return bad(row, error.problem, f"{error.field} {error.cause}. {error.remedy}".lstrip())
        except ConfigurationError as error:
            return bad(row, RowProblem.BAD_ROW, f"{error.cause}. {error.remedy}")
        except UnicodeEncodeError:
            return bad(row, RowProblem.BAD_ENCODING, "has text that is not valid Unicode")

    def _message(self, row: Row) -> str:
        cells = row.cells
        places = self.places or self.columns.of_row(cells)
        parts = [f'"iotDeviceId":{device}'] if (device := self._device(cells.get(places.device, ""))) else []
        if time := cells.get(places.time):
            parts.append(f'"id":{self._time(time)}')
        parts += [f"{name}:{cells[column]}" for column, name in places.members if column in cells]
        return "{" + ",".join(parts) + "}"

    def _device(self, cell: str) -> str:
        if self.columns.device_id:
            return orjson.dumps(self.columns.device_id).decode()
        quoted = not cell or cell.startswith('"')  # the cells of a table have no quotes
        return cell if quoted or self.places is None else f'"{cell}"'

    def _time(self, cell: str) -> str:
        times = self.times
        if stamp := _STAMP.fullmatch(cell):
            return orjson.dumps(times.shifted(orjson.loads(stamp[1]))).decode() if times.shift else stamp[1]
        if not cell.startswith('"') and not times.form and not (times.shift and cell.isdecimal()):
            return cell
        text = orjson.loads(cell) if cell.startswith('"') else cell
        return orjson.dumps(times.accepted(text)).decode()


def bad(row: Row, problem: str, cause: str) -> BadRow:
    """Return a row as a bad one."""
    return BadRow(row.number, str(problem), cause, row_text(row), row.key)


def unknown_device(row: Row, device: str, known: Collection[str]) -> BadRow:
    """Return a row of an unknown device as a bad one."""
    cause = f"{device[:60]!r} is not among the twin's {len(known):,} devices"
    return bad(row, MessageProblem.UNKNOWN_DEVICE, f"{cause}. Add it to config_iot_devices.json, or use --add-devices")

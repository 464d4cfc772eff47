"""Plausible readings of a twin's devices: a pure function of seed, device and time."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import orjson

from l3kit.tiering.format.item_times import DAY, SECOND, canonical

STEP_LIMIT = 3.0
"""Limit of a quantity's random walk, in its steps from the daily course."""


@dataclass(frozen=True, slots=True)
class DeviceMessage:
    """One message of one device."""

    device_id: str
    body: bytes


class SimulatedDevice:
    """A device that measures temperature (°C), humidity (%) and pressure (hPa).

    Args:
        seed: the same seed gives a device the same values at the same times.
        digits: fraction digits of its times.
    """

    def __init__(self, device_id: str, seed: int, digits: int) -> None:
        self._id = device_id
        self._digits = digits
        self._random = random.Random(f"{seed}/{device_id}")
        self._warmth = self._random.uniform(5.0, 20.0)
        self._damp = self._random.uniform(45.0, 75.0)
        self._pressure = self._random.uniform(1005.0, 1020.0)
        self._walk = [0.0, 0.0, 0.0]
        self._last = -1

    def message(self, moment: int) -> DeviceMessage:
        """Return its reading at a time (ns since 1970), or at the next one distinct from the last in its digits.

        A device that sends faster than its times' resolution runs ahead of the clock, so that no two readings have the
        same time.
        """
        unit = 10 ** (9 - self._digits)
        moment = max(moment - moment % unit, self._last + unit if self._last >= 0 else 0)
        self._last = moment
        self._walk = [min(STEP_LIMIT, max(-STEP_LIMIT, value + self._random.gauss(0.0, 0.2))) for value in self._walk]
        day = math.sin(2 * math.pi * (moment % DAY) / DAY - math.pi / 2)
        reading = {
            "iotDeviceId": self._id,
            "id": canonical(moment, self._digits),
            "temperature": round(self._warmth + 5 * day + self._walk[0], 2),
            "humidity": round(self._damp - 10 * day + 2 * self._walk[1], 1),
            "pressure": round(self._pressure + self._walk[2], 1),
        }
        return DeviceMessage(self._id, orjson.dumps(reading))


def simulated(devices: Sequence[str], seed: int, digits: int, clock: Callable[[], float]) -> Iterator[DeviceMessage]:
    """Yield readings endlessly, from one device after the other.

    Args:
        clock: seconds since 1970, read for each reading.
    """
    made = [SimulatedDevice(device, seed, digits) for device in devices]
    for device in itertools.cycle(made):
        yield device.message(int(clock() * SECOND))

"""The devices of a twin: `config_iot_devices.json`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from l3kit.tiering.format.chunks import MAX_DEVICE_ID_BYTES, is_reserved_device
from l3kit.twin.config_files import UNREADABLE, load_json, model_problems

DEVICES = "config_iot_devices.json"


class Device(BaseModel):
    """One entry of `config_iot_devices.json`; further keys are kept for other layers."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    id: str = Field(min_length=1)

    @field_validator("id")
    @classmethod
    def _usable(cls, value: str) -> str:
        if is_reserved_device(value):
            raise ValueError("is reserved: no device is called _l3kit or begins with ~; rename the device")
        if len(value.encode()) > MAX_DEVICE_ID_BYTES:  # pydantic has rejected lone surrogates
            raise ValueError(f"is longer than {MAX_DEVICE_ID_BYTES} UTF-8 bytes")
        return value


def load_devices(folder: Path, problems: list[str]) -> tuple[Device, ...]:
    """Load the device file; after a problem, only the readable devices."""
    content = load_json(folder, DEVICES, problems)
    if content is UNREADABLE:
        return ()
    if not isinstance(content, list) or not content:
        problems.append(f'{DEVICES}: must be a list of at least one {{"id": ...}}')
        return ()
    devices: dict[str, Device] = {}
    for index, entry in enumerate(content):
        try:
            device = Device.model_validate(entry)
        except ValidationError as error:
            problems += [f"{DEVICES}: entry {index}: {text}" for text in model_problems(error, Device)]
            continue
        if device.id in devices:
            problems.append(f"{DEVICES}: entry {index}: the id {device.id!r} occurs twice")
        devices[device.id] = device
    return tuple(devices.values())

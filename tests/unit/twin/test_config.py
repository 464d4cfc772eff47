"""A twin's files are checked as a whole; every problem names file and key."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import ConfigurationError
from l3kit.tiering.settings.twin_info import TwinInfo
from l3kit.twin.config import Twin

ROOT = Path(__file__).parents[3]
CONFIG = {
    "digital_twin_name": "plant",
    "hot_storage_size_in_days": 7,
    "cold_storage_size_in_days": 30,
    "mode": "production",
    "message_chain": False,
}
PROVIDERS = {
    "layer_1_provider": "aws",
    "layer_2_provider": "azure",
    "layer_3_hot_provider": "aws",
    "layer_3_cold_provider": "azure",
    "layer_3_archive_provider": "gcp",
}


def write(
    folder: Path, config: Any = CONFIG, devices: Any = None, providers: Any = PROVIDERS, events: Any = None
) -> Path:
    devices = [{"id": "pump-1"}, {"id": "传感器-2"}] if devices is None else devices
    files = {"config": config, "config_iot_devices": devices, "config_providers": providers, "config_events": events}
    for name, content in files.items():
        if content is not None:
            (folder / f"{name}.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def problems(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Twin.load(folder)
    return str(caught.value)


def test_a_twin_is_loaded(tmp_path: Path) -> None:
    event = {"condition": "plant.pump-1.heat > DOUBLE(90)", "action": {"type": "feedback", "payload": "off"}}
    twin = Twin.load(write(tmp_path, config={**CONFIG, "message_chain": True}, events=[event]))
    assert twin.name == "plant"
    assert [device.id for device in twin.devices] == ["pump-1", "传感器-2"]
    assert [found.entry for found in twin.events] == twin.digital_twin_info()["config_events"] == [event]
    assert twin.connection_ids() == {
        "ingestion": "aws_l1_to_azure_l2",
        "writer": "azure_l2_to_aws_l3hot",
        "feedback-receiver": "azure_l2_to_aws_l1",
        "cold-writer": "aws_l3hot_to_azure_l3cold",
        "archive-writer": "azure_l3cold_to_gcp_l3archive",
    }


def test_all_problems_of_all_files_are_reported_together(tmp_path: Path) -> None:
    text = problems(
        write(
            tmp_path,
            config={**CONFIG, "hot_storage_size_in_days": "7", "cold_storage_sise_in_days": 3},
            devices=[{"id": "a"}, {"id": "a"}, {"name": "b"}, {"id": ""}, {"id": "_l3kit"}, {"id": "~a"}],
            providers={**PROVIDERS, "layer_3_cold_provider": "AWS"},
            events={},
        )
    )
    for part in (
        "config.json: hot_storage_size_in_days",
        "config.json: cold_storage_sise_in_days: is not a known key; did you mean cold_storage_size_in_days?",
        "config_iot_devices.json: entry 1: the id 'a' occurs twice",
        "config_iot_devices.json: entry 2: id: is missing",
        "config_iot_devices.json: entry 3: id",
        "config_iot_devices.json: entry 4: id = '_l3kit': is reserved",
        "config_iot_devices.json: entry 5: id = '~a': is reserved",
        "config_providers.json: layer_3_cold_provider = 'AWS': is not allowed; allowed are aws, azure, gcp",
        "config_events.json: must be a list of objects",
        "9 problems",
    ):
        assert part in text


def test_broken_events_are_reported_with_the_other_problems(tmp_path: Path) -> None:
    reply = {"type": "mqtt", "iotDeviceId": "pump-9", "payload": "off"}
    action = {"type": "lambda", "functionName": "f", "feedback": reply}
    events = [{"condition": "heat > 90", "action": action}, {"condition": "p.d.v == STRING(x)", "action": {}}]
    text = problems(write(tmp_path, config={**CONFIG, "mode": 1}, events=events))
    for part in (
        "config.json: mode",
        "config_events.json: entry 0: condition: has 'heat' at character 1",
        "config_events.json: entry 0: action.feedback.iotDeviceId: 'pump-9' is not a device",
        "config_events.json: entry 1: action.type: must be one of lambda, function, feedback",
        "4 problems",
    ):
        assert part in text


@pytest.mark.parametrize("time", ["soon", "2001-01-01", "2001-01-01T00:00:00"])
def test_the_earliest_reading_is_a_time(tmp_path: Path, time: str) -> None:
    text = problems(write(tmp_path, config={**CONFIG, "earliest_reading": time}))
    assert f"config.json: earliest_reading = {time!r}: " in text
    assert "Write it like" in text


def test_google_is_another_name_for_gcp(tmp_path: Path) -> None:
    twin = Twin.load(write(tmp_path, providers={**PROVIDERS, "layer_3_archive_provider": "google"}))
    assert twin.providers.layer_3_archive_provider == "gcp"


@pytest.mark.parametrize("provider", ["AWS", "Azure", "ibm", "", 3, None])
def test_a_provider_that_is_not_allowed_lists_what_is(tmp_path: Path, provider: object) -> None:
    text = problems(write(tmp_path, providers={**PROVIDERS, "layer_1_provider": provider}))
    assert "config_providers.json: layer_1_provider" in text
    assert "aws, azure, gcp" in text or "'aws', 'azure' or 'gcp'" in text


@pytest.mark.parametrize(("hot", "cold", "fine"), [(7, 8, True), (7, 7, False), (30, 7, False), (0, 1, True)])
def test_cold_days_must_exceed_hot_days(tmp_path: Path, hot: int, cold: int, fine: bool) -> None:
    config = {**CONFIG, "hot_storage_size_in_days": hot, "cold_storage_size_in_days": cold}
    if fine:
        assert Twin.load(write(tmp_path, config=config)).config.cold_storage_size_in_days == cold
    else:
        assert "must exceed hot_storage_size_in_days" in problems(write(tmp_path, config=config))


def test_tuning_is_checked_when_the_twin_is_loaded(tmp_path: Path) -> None:
    twin = Twin.load(write(tmp_path, config={**CONFIG, "tuning": {"COMPRESSION": "gzip", "DEVICE_CONCURRENCY": 2}}))
    assert twin.config.tuning == {"COMPRESSION": "gzip", "DEVICE_CONCURRENCY": 2}
    assert "tuning" not in twin.digital_twin_info()["config"]
    text = problems(write(tmp_path, config={**CONFIG, "tuning": {"COMPRESSION": "rar"}}))
    assert "config.json: tuning: COMPRESSION: 'rar' is not allowed" in text
    text = problems(write(tmp_path, config={**CONFIG, "tuning": {"REWRITE_GUARD": "page"}}))
    assert "REWRITE_GUARD was removed, because the store now decides each delete: remove the line" in text
    assert "allowed are MAX_CHUNK_BYTES" in problems(write(tmp_path, config={**CONFIG, "tuning": {"SPEED": 1}}))


def test_link_auth_is_the_token_or_a_signature_and_nothing_else(tmp_path: Path) -> None:
    assert Twin.load(write(tmp_path)).config.link_auth == "token"
    signed = Twin.load(write(tmp_path, config={**CONFIG, "link_auth": "signature"}))
    assert (signed.config.link_auth, "link_auth" in signed.digital_twin_info()["config"]) == ("signature", False)
    for value in ("Signature", "none", "", None, True):
        told = problems(write(tmp_path, config={**CONFIG, "link_auth": value}))
        assert "config.json: link_auth" in told
        assert "'token' or 'signature'" in told


@pytest.mark.parametrize("days", [-1, 1.5, True, None, "30"])
def test_days_are_whole_numbers(tmp_path: Path, days: object) -> None:
    assert "hot_storage_size_in_days" in problems(write(tmp_path, config={**CONFIG, "hot_storage_size_in_days": days}))


@pytest.mark.parametrize("name", ["", "Plant", "a_b", "-a", "a-", "a--b", "1a", "x" * 29, "ü"])
def test_a_name_that_some_cloud_would_refuse_is_refused(tmp_path: Path, name: str) -> None:
    assert "config.json: digital_twin_name" in problems(write(tmp_path, config={**CONFIG, "digital_twin_name": name}))


def test_a_device_id_that_no_object_key_can_hold_is_refused(tmp_path: Path) -> None:
    assert "longer than 512" in problems(write(tmp_path, devices=[{"id": "x" * 513}]))


def test_no_devices_is_a_problem(tmp_path: Path) -> None:
    assert "config_iot_devices.json: must be a list of at least one" in problems(write(tmp_path, devices=[]))


def test_broken_json_is_reported_with_its_place(tmp_path: Path) -> None:
    assert "config.json: line 2, column 3" in problems(write(tmp_path, config="{\n  x: 1}"))


def test_missing_files_and_folders_are_reported(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert problems(tmp_path / "empty").count("the file is missing") == 3
    assert "is not a folder" in problems(tmp_path / "nowhere")


def test_functions_can_read_what_they_are_told(tmp_path: Path) -> None:
    twin = Twin.load(write(tmp_path))
    info = TwinInfo.parse(json.dumps(twin.digital_twin_info()))
    assert (info.name, info.hot_days, info.cold_days, info.devices) == ("plant", 7, 30, ("pump-1", "传感器-2"))
    assert info.providers is not None
    assert info.providers["layer_3_archive_provider"] == "gcp"


@pytest.mark.parametrize("name", ["nyc-weather", "weather-from-azure", "weather-from-gcp", "weather-stations"])
def test_the_example_twins_load(name: str) -> None:
    twin = Twin.load(ROOT / "params" / "twins" / name)
    assert twin.name == name
    assert list(twin.to_frame()["tier"]) == ["hot", "cold", "archive"]


@pytest.mark.parametrize("file", ["config", "config_iot_devices", "config_providers", "config_events"])
def test_a_file_that_holds_null_is_a_problem_not_an_empty_twin(tmp_path: Path, file: str) -> None:
    write(tmp_path)
    (tmp_path / f"{file}.json").write_text("null")
    text = problems(tmp_path)
    assert "1 problem" in text
    assert f"{file}.json: " in text


@pytest.mark.parametrize("content", ['{"x": ' + "9" * 5000 + "}", "[" * 100_000, "\ufeff{}"])
def test_a_file_that_cannot_be_parsed_is_a_problem_like_any_other(tmp_path: Path, content: str) -> None:
    text = problems(write(tmp_path, config=content, providers={}))
    assert "config.json: " in text
    assert "config_providers.json: layer_1_provider: is missing" in text


def test_a_file_that_is_not_utf_8_is_a_problem(tmp_path: Path) -> None:
    (write(tmp_path) / "config.json").write_bytes(b'{"mode": "\xff"}')
    assert "config.json: cannot be read (UnicodeDecodeError)" in problems(tmp_path)


@pytest.mark.parametrize(("length", "fits"), [(128, True), (129, False)])
def test_a_device_ids_length_is_counted_in_bytes(tmp_path: Path, length: int, fits: bool) -> None:
    folder = write(tmp_path, devices=[{"id": "\U0001f321" * length}])
    if fits:
        assert len(Twin.load(folder).devices[0].id.encode()) == 512
    else:
        assert "longer than 512 UTF-8 bytes" in problems(folder)


def test_half_a_surrogate_pair_is_no_device_id(tmp_path: Path) -> None:
    text = problems(write(tmp_path, devices='[{"id": "a\\ud800"}]'))
    assert "config_iot_devices.json: entry 0: id = 'a\\ud800': input should be a valid string" in text


def test_other_layers_keys_of_a_device_are_kept_here_and_not_told_to_functions(tmp_path: Path) -> None:
    twin = Twin.load(write(tmp_path, devices=[{"id": "a", "simulator": {"every": 5}}]))
    assert twin.devices[0].model_extra == {"simulator": {"every": 5}}
    assert twin.digital_twin_info()["config_iot_devices"] == [{"id": "a"}]


def test_tiers_on_one_cloud_need_no_connections(tmp_path: Path) -> None:
    twin = Twin.load(write(tmp_path, providers=dict.fromkeys(PROVIDERS, "aws")))
    assert twin.connection_ids() == {}
    assert twin.connection_ids() == {}


@pytest.mark.parametrize("schedule", ["rate(1 day)", "rate(12 hours)", "cron(0 3 * * ? *)", "at(2027-01-01T00:00:00)"])
def test_a_schedule_of_a_known_form_is_taken(tmp_path: Path, schedule: str) -> None:
    providers = {**PROVIDERS, "layer_3_cold_provider": "aws"}
    twin = Twin.load(write(tmp_path, config={**CONFIG, "mover_schedule": schedule}, providers=providers))
    assert twin.config.mover_schedule == schedule


@pytest.mark.parametrize("schedule", ["", "daily", "rate(0 days)", "rate(1 week)", "cron(0 3 * * *)", "rate(1 day) "])
def test_a_schedule_that_aws_would_refuse_is_found_before_anything_is_deployed(tmp_path: Path, schedule: str) -> None:
    text = problems(write(tmp_path, config={**CONFIG, "mover_schedule": schedule}))
    assert f"config.json: mover_schedule = {schedule!r}: is not a schedule" in text


@pytest.mark.parametrize(
    ("layout", "device", "words"),
    [
        (("aws", "azure", "aws"), "a\\b", "cold tier on azure .* backslash"),
        (("aws", "aws", "azure"), "pump.", "archive tier on azure .* dot at the end"),
        (("aws", "azure", "gcp"), "a\x85b", "cold tier on azure .* control characters"),
        (("gcp", "aws", "aws"), "/" * 512, "hot tier on gcp .* longer than the 1500 bytes"),
        (("aws", "gcp", "aws"), "é" * 256 + "/", None),
    ],
)
def test_a_device_that_a_tiers_cloud_cannot_hold_is_found_when_the_twin_is_loaded(
    tmp_path: Path, layout: tuple[str, str, str], device: str, words: str | None
) -> None:
    write_layout(tmp_path, layout, device)
    if words is None:
        with pytest.raises(ConfigurationError, match="512 UTF-8 bytes"):
            Twin.load(tmp_path)
        return
    with pytest.raises(ConfigurationError, match=words) as caught:
        Twin.load(tmp_path)
    assert "config_iot_devices.json: entry 0: id:" in str(caught.value)
    assert "Rename the device" in str(caught.value)
    write_layout(tmp_path, ("aws", "aws", "aws"), device)
    if len(device) < 100:
        assert Twin.load(tmp_path).devices[0].id == device
    else:
        with pytest.raises(ConfigurationError, match=r"archive tier on aws .* 1,024 bytes"):
            Twin.load(tmp_path)


@pytest.mark.parametrize("schedule", ["at(2030-01-01T00:00:00)", "rate(7 hours)", "cron(0 3 L * ? *)"])
def test_a_schedule_that_a_movers_cloud_cannot_be_told_is_found_when_the_twin_is_loaded(
    tmp_path: Path, schedule: str
) -> None:
    write_layout(tmp_path, ("aws", "azure", "aws"), "d", mover_schedule=schedule)
    with pytest.raises(ConfigurationError, match=r"config.json: mover_schedule: .* cannot be expressed"):
        Twin.load(tmp_path)
    write_layout(tmp_path, ("aws", "aws", "azure"), "d", mover_schedule=schedule)
    assert Twin.load(tmp_path)


def write_layout(folder: Path, layout: tuple[str, str, str], device: str, **config: str) -> None:
    hot, cold, archive = layout
    files = {
        "config": {
            "digital_twin_name": "t",
            "hot_storage_size_in_days": 1,
            "cold_storage_size_in_days": 2,
            **config,
        },
        "config_iot_devices": [{"id": device}],
        "config_providers": {
            "layer_1_provider": "aws",
            "layer_2_provider": "aws",
            "layer_3_hot_provider": hot,
            "layer_3_cold_provider": cold,
            "layer_3_archive_provider": archive,
        },
    }
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


@pytest.mark.parametrize("schedule", ["cron(0 0 31 2 ? *)", "cron(0 0 30 FEB ? *)", "cron(0 0 29 2 ? 2100)"])
def test_a_schedule_that_never_comes_round_is_refused(tmp_path: Path, schedule: str) -> None:
    text = problems(write(tmp_path, config={**CONFIG, "mover_schedule": schedule}))
    assert f"config.json: mover_schedule = {schedule!r}: never runs" in text


@pytest.mark.parametrize(
    "schedule", ["cron(0 0 29 2 ? *)", "cron(0 0 L 2 ? *)", "cron(0 0 1 1 ? 1999)", "rate(7 days)"]
)
def test_a_schedule_that_comes_round_once_or_seldom_is_taken(tmp_path: Path, schedule: str) -> None:
    providers = dict.fromkeys(PROVIDERS, "aws")
    assert Twin.load(write(tmp_path, config={**CONFIG, "mover_schedule": schedule}, providers=providers))


@pytest.mark.parametrize("layout", [("aws", "azure", "gcp"), ("gcp", "aws", "aws"), ("azure", "azure", "azure")])
def test_the_next_three_runs_are_the_same_on_every_cloud(tmp_path: Path, layout: tuple[str, str, str]) -> None:
    write_layout(tmp_path, layout, "d", mover_schedule="cron(30 3 ? * 2-6 *)")
    runs = Twin.load(tmp_path).next_runs(datetime(2026, 5, 29, 12, 0, tzinfo=UTC))  # a Friday
    wanted = [datetime(2026, 6, day, 3, 30, tzinfo=UTC) for day in (1, 2, 3)]
    assert runs == {"hot-to-cold-mover": wanted, "cold-to-archive-mover": wanted}


def test_a_name_that_is_there_twice_is_a_problem_in_every_file(tmp_path: Path) -> None:
    write(tmp_path)
    config = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(config.replace("{", '{"hot_storage_size_in_days": 1, ', 1))
    (tmp_path / "config_iot_devices.json").write_text('[{"id": "a", "x": {"y": 1, "y": 2}, "id": "b"}]')
    text = problems(tmp_path)
    assert "config.json: hot_storage_size_in_days: occurs twice" in text
    assert "config_iot_devices.json: y: occurs twice" in text
    assert "config_iot_devices.json: id: occurs twice" in text


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path)
    for file in tmp_path.glob("*.json"):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert Twin.load(tmp_path).name == CONFIG["digital_twin_name"]


@pytest.mark.parametrize("device", ["x\ufffe", "\uffffy"])
def test_a_device_that_azures_listings_cannot_hold_is_refused_there_alone(tmp_path: Path, device: str) -> None:
    write_layout(tmp_path, ("aws", "azure", "gcp"), device)
    assert "cold tier on azure cannot hold" in problems(tmp_path)
    write_layout(tmp_path, ("aws", "aws", "gcp"), device)
    assert Twin.load(tmp_path)

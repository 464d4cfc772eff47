"""Sessions on sandboxes share nothing but what botocore's files say of the services."""

from __future__ import annotations

from l3kit.clouds.aws.session import _isolated_session


def test_the_models_of_services_are_read_once_for_all_sandboxes() -> None:
    one, other = _isolated_session("us-east-1"), _isolated_session("eu-central-1")
    assert one.get_component("data_loader") is other.get_component("data_loader")
    assert [session.get_config_variable("region") for session in (one, other)] == ["us-east-1", "eu-central-1"]

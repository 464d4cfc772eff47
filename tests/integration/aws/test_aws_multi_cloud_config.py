"""What is deployed for each layout, and what functions are told. Names from the seed's section 7.5."""

from __future__ import annotations

import pytest
import requests

from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.deploy import apply, plan, plan_destroy
from l3kit.errors import MissingConnectionError, ProvisioningError
from l3kit.session import Session
from l3kit.tiering.settings.function_table import EXPIRER, FUNCTIONS, variables_for
from l3kit.tiering.settings.loading import load_settings
from l3kit.twin.config import Twin
from l3kit.twin.layout import CHAIN
from tests.integration.aws.conftest import MakeTwin, deploy, exists, save_link, saved_links, variables
from tests.support.accounts import aws_of

pytestmark = pytest.mark.sandbox
LINKS = {"cold-writer": "azure_l3hot_to_aws_l3cold", "archive-writer": "gcp_l3cold_to_aws_l3archive"}


@pytest.fixture(scope="module")
def receiver_cold(session: Session, make_twin: MakeTwin) -> Twin:
    """The hot tier on Azure, cold and archive on AWS: a cold writer."""
    twin = make_twin("azure", "aws", "aws")
    deploy(twin, session)
    return twin


@pytest.fixture(scope="module")
def receiver_archive(session: Session, make_twin: MakeTwin) -> Twin:
    """The archive tier alone on AWS: an archive writer."""
    twin = make_twin("gcp", "gcp", "aws")
    deploy(twin, session)
    return twin


@pytest.fixture(scope="module")
def single(session: Session, make_twin: MakeTwin) -> Twin:
    """All tiers on AWS."""
    twin = make_twin()
    deploy(twin, session)
    return twin


@pytest.fixture(scope="module")
def sender(session: Session, make_twin: MakeTwin) -> Twin:
    """Hot on AWS, cold on Azure, archive on AWS: the hot mover sends, an archive writer receives."""
    twin = make_twin("aws", "azure", "aws")
    save_link(session, twin, "aws_l3hot_to_azure_l3cold", "https://cold.example/api", "a-token")
    deploy(twin, session)
    return twin


def test_deploy_l3_cold_creates_cold_writer_when_different(receiver_cold: Twin, session: Session) -> None:
    assert exists(receiver_cold, session, "cold-writer")


def test_deploy_l3_cold_skips_cold_writer_when_same(single: Twin, session: Session) -> None:
    assert not exists(single, session, "cold-writer")
    assert exists(single, session, "cold-to-archive-mover")


def test_deploy_l3_archive_creates_archive_writer_when_different(receiver_archive: Twin, session: Session) -> None:
    assert exists(receiver_archive, session, "archive-writer")
    assert not exists(receiver_archive, session, "hot-to-cold-mover")


def test_deploy_l3_archive_skips_archive_writer_when_same(single: Twin, session: Session) -> None:
    assert not exists(single, session, "archive-writer")


@pytest.mark.parametrize("function", ["cold-writer", "archive-writer"])
def test_a_writers_url_answers_and_is_saved_with_its_token(
    function: str, receiver_cold: Twin, receiver_archive: Twin, session: Session
) -> None:
    twin = receiver_cold if function == "cold-writer" else receiver_archive
    connection = saved_links(session, twin)[LINKS[function]]
    config = (
        aws_of(session)
        .client("lambda")
        .get_function_url_config(FunctionName=aws_of(session).names(twin.name).function(function))
    )
    assert (connection.url, connection.provider) == (config["FunctionUrl"], "aws")
    assert connection.function == function.replace("-", "_")
    assert config["AuthType"] == "NONE"
    assert connection.token == variables(twin, session, function)["INTER_CLOUD_TOKEN"]
    assert len(connection.token) >= 43
    assert requests.post(connection.url, timeout=60).status_code == 403
    right = requests.post(connection.url, headers={"X-Inter-Cloud-Token": connection.token}, timeout=60)
    assert right.status_code == 400


def test_create_cold_writer_function_url(receiver_cold: Twin, session: Session) -> None:
    policy = (
        aws_of(session)
        .client("lambda")
        .get_policy(FunctionName=aws_of(session).names(receiver_cold.name).function("cold-writer"))
    )
    assert "lambda:InvokeFunctionUrl" in policy["Policy"]
    assert "lambda:InvokedViaFunctionUrl" in policy["Policy"]


def test_create_archive_writer_function_url(receiver_archive: Twin, session: Session) -> None:
    name = aws_of(session).names(receiver_archive.name).function("archive-writer")
    policy = aws_of(session).client("lambda").get_policy(FunctionName=name)
    assert "lambda:InvokeFunctionUrl" in policy["Policy"]
    assert "lambda:InvokedViaFunctionUrl" in policy["Policy"]


def test_create_hot_cold_mover_injects_env_vars(sender: Twin, session: Session) -> None:
    told = variables(sender, session, "hot-to-cold-mover")
    assert told["REMOTE_COLD_WRITER_URL"] == "https://cold.example/api"
    assert told["INTER_CLOUD_TOKEN"] == "a-token"
    assert "COLD_S3_BUCKET_NAME" not in told
    assert exists(sender, session, "archive-writer")


def test_create_hot_cold_mover_no_env_vars_same_cloud(single: Twin, session: Session) -> None:
    told = variables(single, session, "hot-to-cold-mover")
    assert "REMOTE_COLD_WRITER_URL" not in told
    assert "INTER_CLOUD_TOKEN" not in told
    assert told["COLD_S3_BUCKET_NAME"] == aws_of(session).names(single.name).cold_s3_bucket()


@pytest.mark.slow
def test_create_cold_archive_mover_injects_env_vars(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("aws", "aws", "gcp")
    save_link(session, twin, "aws_l3cold_to_gcp_l3archive", "https://archive.example", "b-token")
    deploy(twin, session)
    told = variables(twin, session, "cold-to-archive-mover")
    assert told["REMOTE_ARCHIVE_WRITER_URL"] == "https://archive.example"
    assert told["INTER_CLOUD_TOKEN"] == "b-token"
    assert "ARCHIVE_S3_BUCKET_NAME" not in told


@pytest.mark.parametrize(
    ("layout", "link", "url", "token"),
    [
        (("aws", "azure", "azure"), "aws_l3hot_to_azure_l3cold", "https://w", ""),
        (("aws", "azure", "azure"), "aws_l3hot_to_azure_l3cold", "", "t"),
        (("aws", "aws", "gcp"), "aws_l3cold_to_gcp_l3archive", "https://w", "  "),
    ],
)
def test_a_sender_whose_link_is_incomplete_creates_nothing(
    layout: tuple[str, str, str], link: str, url: str, token: str, session: Session, make_twin: MakeTwin
) -> None:
    twin = make_twin(*layout)
    save_link(session, twin, link, url, token)
    with pytest.raises(ValueError, match=f"connection {link}: is incomplete") as caught:
        plan(twin, session, clouds={"aws"})
    assert isinstance(caught.value, MissingConnectionError)
    assert plan_destroy(twin, session, data=True).changes == ()


def test_a_cloud_on_which_the_twin_has_nothing_is_refused_beside_one_that_it_has(
    single: Twin, session: Session
) -> None:
    with pytest.raises(ProvisioningError, match=r"has no tier on gpc\. Its clouds: aws"):
        plan(single, session, clouds={"aws", "gpc"})


def test_hot_cold_mover_missing_connection_fails(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("aws", "gcp", "gcp")
    with pytest.raises(ValueError, match="connection aws_l3hot_to_gcp_l3cold"):
        plan(twin, session, clouds={"aws"})


@pytest.mark.slow
def test_create_cold_writer_missing_token_fails(receiver_cold: Twin, session: Session) -> None:
    """The deployer makes the token itself: a writer is never told a blank one, and one that lost it gets a new one."""
    _lost_token_is_made_anew(receiver_cold, "cold-writer", session)


@pytest.mark.slow
def test_create_archive_writer_missing_token_fails(receiver_archive: Twin, session: Session) -> None:
    _lost_token_is_made_anew(receiver_archive, "archive-writer", session)


def _lost_token_is_made_anew(twin: Twin, function: str, session: Session) -> None:
    before = saved_links(session, twin)[LINKS[function]]
    told = variables(twin, session, function)
    aws_of(session).client("lambda").update_function_configuration(
        FunctionName=aws_of(session).names(twin.name).function(function),
        Environment={"Variables": {**told, "INTER_CLOUD_TOKEN": " "}},
    )
    changes = {(step.kind, step.action) for step in plan(twin, session, clouds={"aws"}).changes}
    assert changes == {("link token", "create"), ("function", "update")}
    deploy(twin, session)
    after = saved_links(session, twin)[LINKS[function]]
    assert after.token.strip()
    assert after.token != before.token
    assert after.former == ()
    assert variables(twin, session, function) == {**told, "INTER_CLOUD_TOKEN": after.token}
    assert plan(twin, session, clouds={"aws"}).changes == ()


@pytest.mark.slow
def test_destroy_l3_cold_destroys_cold_writer(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("azure", "aws", "aws")
    deploy(twin, session)
    apply(plan_destroy(twin, session), session)
    assert not exists(twin, session, "cold-writer")
    assert saved_links(session, twin)[LINKS["cold-writer"]].url == ""


@pytest.mark.slow
def test_destroy_l3_archive_destroys_archive_writer(session: Session, make_twin: MakeTwin) -> None:
    twin = make_twin("gcp", "gcp", "aws")
    deploy(twin, session)
    apply(plan_destroy(twin, session), session)
    assert not exists(twin, session, "archive-writer")


def test_cold_archive_mover_uses_correct_env_vars(single: Twin, session: Session) -> None:
    told = variables(single, session, "cold-to-archive-mover")
    assert {"COLD_S3_BUCKET_NAME", "ARCHIVE_S3_BUCKET_NAME"} <= set(told)
    assert not any(name.startswith(("SOURCE_", "TARGET_", "S3_BUCKET")) for name in told)


def test_cold_archive_mover_env_vars_match_deployer(
    single: Twin, sender: Twin, receiver_cold: Twin, receiver_archive: Twin, session: Session
) -> None:
    seen = set()
    for twin in (single, sender, receiver_cold, receiver_archive):
        for function in FUNCTIONS:
            if exists(twin, session, function):
                told = variables(twin, session, function)
                settings = load_settings(function, told, cloud=VARIABLES)
                remote = settings.remote_url is not None
                archive_here = twin.layout.archive == "aws"
                assert sorted(told) == variables_for(
                    function, cloud=VARIABLES, remote=remote, archive_here=archive_here
                )
                assert ("archive" in settings.stores) == ("ARCHIVE_S3_BUCKET_NAME" in told)
                seen.add((function, remote))
    assert {function for function, _ in seen} == set(FUNCTIONS) - {*CHAIN, "feedback-receiver", EXPIRER}
    assert ("hot-to-cold-mover", True) in seen


def test_clouds_that_cannot_be_deployed_yet_are_refused_before_anything_happens(
    session: Session, make_twin: MakeTwin
) -> None:
    twin = make_twin("aws", "azure", "gcp")
    with pytest.raises(
        ProvisioningError,
        match=r"azure and gcp in the sandbox only, .* nothing was done",
    ) as refused:
        plan(twin, session)
    assert refused.value.remedy == 'Use the target "sandbox", or deploy the part on AWS alone with clouds=["aws"]'
    assert plan_destroy(twin, session, data=True).changes == ()


@pytest.mark.slow
def test_thousands_of_devices_deploy_and_the_functions_read_them_from_their_zip(
    session: Session, make_twin: MakeTwin
) -> None:
    twin = make_twin(devices=[f"device-{n:05d}" for n in range(5000)])
    deploy(twin, session)
    told = variables(twin, session, "hot-to-cold-mover")
    assert told["DIGITAL_TWIN_INFO"] == "file:digital_twin_info.json"
    assert sum(len(name) + len(value) for name, value in told.items()) < 4096
    assert plan(twin, session).changes == ()
    from l3kit.operate.movers import run_mover

    report = run_mover(session, twin, "hot-to-cold-mover", time="1971-01-01T00:00:00Z").reports[0]
    assert (report["verdict"], report["device_count"]) == ("complete", 5000)

"""The workflow works on real accounts where l3kit reaches all of them, else in a sandbox of the runner."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import l3kit
from l3kit.new_project.choices import Choices
from l3kit.new_project.making import _texts
from l3kit.new_project.pages import GITIGNORE
from l3kit.new_project.workflow import workflow


def steps(*clouds: str) -> tuple[str, list[dict[str, Any]]]:
    layout = (clouds[0], clouds[1], clouds[2])
    content = yaml.safe_load(workflow(Choices("plant", layout, clouds[0], clouds[0], 7, 30, ["p-1"])))
    return content["env"]["TARGET"], content["jobs"]["deploy"]["steps"]


def test_a_twin_on_one_live_cloud_logs_in_before_anything_else_is_done() -> None:
    target, found = steps("aws", "aws", "aws")
    assert target == "live"
    names = [step.get("name") or step.get("uses") or step["run"] for step in found]
    assert names.index("Check that there are credentials") < names.index("aws-actions/configure-aws-credentials@v4")
    assert names.index("aws-actions/configure-aws-credentials@v4") < names.index("Plan")


def test_a_twin_on_two_live_clouds_logs_in_to_both_and_its_page_says_how() -> None:
    target, found = steps("aws", "gcp", "gcp")
    assert target == "live"
    used = [step["uses"] for step in found if "uses" in step]
    assert {"aws-actions/configure-aws-credentials@v4", "google-github-actions/auth@v2"} <= {*used}
    made = dict(_texts(Choices("plant", ("aws", "gcp", "gcp"), "aws", "aws", 7, 30, ["p-1"])))
    page = made["README.md"]
    assert "`AWS_ROLE_ARN`; on Google Cloud by a workload identity provider" in " ".join(page.split())
    assert "l3kit permissions gcp --json --twin plant" in page
    assert all(f"`{name}`" in page for name in ("GCP_WORKLOAD_IDENTITY_PROVIDER", "GCP_SERVICE_ACCOUNT"))


def test_a_twin_on_a_cloud_of_the_sandbox_alone_needs_no_credentials() -> None:
    target, found = steps("aws", "azure", "gcp")
    assert target == "sandbox"
    assert not [step for step in found if "credentials" in str(step)]


def test_the_workflow_installs_only_files_of_known_hashes_and_l3kit_alone() -> None:
    made = dict(_texts(Choices("plant", ("aws", "aws", "aws"), "aws", "aws", 7, 30, ["p-1"])))
    installed = [step["run"] for step in steps("aws", "aws", "aws")[1] if "pip" in str(step.get("run"))]
    assert installed == [
        "pip install --require-hashes -r requirements.lock",
        "pip install --no-deps -r requirements.txt",
    ]
    assert all(command in made["README.md"] for command in installed)
    wanted = [line for line in made["requirements.txt"].splitlines() if not line.startswith("#")]
    assert wanted == [f"l3kit[all]=={l3kit.__version__}"]
    locked = re.findall(r"^([\w.-]+)==", made["requirements.lock"], re.MULTILINE)
    assert {"boto3", "papermill", "azure-cosmos", "google-cloud-firestore"} <= {*locked}
    assert "l3kit" not in locked


def test_a_pull_request_changes_nothing_and_main_does() -> None:
    _, found = steps("aws", "aws", "aws")
    papermill = {step["name"]: step for step in found if "papermill" in str(step.get("run"))}
    assert set(papermill) == {"Plan", "Apply", "Verify"}
    assert papermill["Plan"]["if"] == "github.event_name == 'pull_request'"
    assert "apply_changes false" in papermill["Plan"]["run"]
    for name in ("Apply", "Verify"):
        assert papermill[name]["if"] == "github.event_name != 'pull_request'"


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_comment_shows_the_plan(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    plan = (
        '{"summary": "1 to make", "steps": [{"action": "create", "resource": "table", "name": "hot", "reason": "new"}]}'
    )
    (tmp_path / "build/deploy_l3.json").write_text(plan)
    (tmp_path / "gh").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "gh").chmod(0o755)
    (script,) = [step["run"] for step in steps("aws", "aws", "aws")[1] if step.get("name") == "Comment"]
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "NUMBER": "7", "GH_TOKEN": "none"}
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, check=True, timeout=30)
    assert (tmp_path / "build/plan.md").read_text() == "**l3kit: 1 to make**\n\n- create table `hot` new\n"


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_ignores_the_secrets_of_the_links(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, timeout=30)
    (tmp_path / ".gitignore").write_text(GITIGNORE)
    for name, ignored in (
        ("twin/config_inter_cloud.json", 0),
        ("twin/.config_inter_cloud.json.x1", 0),
        ("twin/config_iot_devices.json.lock", 0),
        ("twin/.l3kit/deploy-123456789012.jsonl", 0),
        (".l3kit/sandbox-plant/twins/plant/config_inter_cloud.json", 0),
        ("twin/config.json", 1),
        ("requirements.lock", 1),
    ):
        asked = subprocess.run(["git", "check-ignore", "-q", name], cwd=tmp_path, check=False, timeout=30)
        assert asked.returncode == ignored, name

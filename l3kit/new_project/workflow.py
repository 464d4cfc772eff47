"""The workflow of a new project for GitHub Actions: a plan for each pull request, an apply for main."""

from __future__ import annotations

import textwrap

from l3kit.new_project.choices import Choices
from l3kit.providers import provider

_HEAD = """\
# Pull requests: the plan as a comment. Main: the plan is applied, then the connections are verified.
# {target}
name: l3kit

on:
  pull_request:
  push:
    branches: [main]
  workflow_dispatch:

permissions:
  contents: read
  id-token: write
  pull-requests: write

concurrency:
  group: l3kit
  cancel-in-progress: false

env:
  TARGET: {name}

jobs:
  deploy:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.13"
          cache: pip
      - run: pip install --require-hashes -r requirements.lock
      - run: pip install --no-deps -r requirements.txt
"""
_STEPS = """\
      - name: Plan
        if: github.event_name == 'pull_request'
        run: >-
          papermill notebooks/deploy_l3.ipynb build/deploy_l3.ipynb
          -f "params/deploy_l3.$TARGET.yaml" -p apply_changes false
      - name: Comment
        if: always() && github.event_name == 'pull_request'
        env:
          GH_TOKEN: ${{ github.token }}
          NUMBER: ${{ github.event.pull_request.number }}
        run: |
          test -f build/deploy_l3.json || exit 0
          step='"- \\(.action) \\(.resource) `\\(.name)` \\(.reason)"'
          jq -r '"**l3kit: \\(.summary)**", "", (.steps // [] | .[] | '"$step"')' build/deploy_l3.json > build/plan.md
          gh pr comment "$NUMBER" --body-file build/plan.md --edit-last ||
            gh pr comment "$NUMBER" --body-file build/plan.md
      - name: Apply
        if: github.event_name != 'pull_request'
        run: >-
          papermill notebooks/deploy_l3.ipynb build/deploy_l3.ipynb
          -f "params/deploy_l3.$TARGET.yaml" -p apply_changes true
      - name: Verify
        if: github.event_name != 'pull_request'
        run: >-
          papermill notebooks/verify_connections.ipynb build/verify_connections.ipynb
          -f "params/verify_connections.$TARGET.yaml"
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: results
          path: build/
"""


def workflow(choices: Choices) -> str:
    """Return `.github/workflows/l3kit.yml`.

    It uses real accounts only if l3kit reaches those of every cloud of the twin; otherwise all of it runs in a
    sandbox of the runner.
    """
    if waiting := sandboxed(choices):
        target = f"All in a sandbox of the runner: l3kit does not reach real accounts of {waiting} yet."
        return _HEAD.format(target=target, name="sandbox") + _STEPS
    clouds = [provider(cloud) for cloud in choices.used]
    target = f"On real accounts of {' and '.join(one.title for one in clouds)}."
    logins = "".join(textwrap.indent(one.ci_login, " " * 6) for one in clouds)
    return _HEAD.format(target=target, name="live") + logins + _STEPS


def sandboxed(choices: Choices) -> str:
    """Return the twin's clouds whose real accounts l3kit does not reach, in words; empty if there are none."""
    return " and ".join(one.title for one in map(provider, choices.used) if one.open_live is None)

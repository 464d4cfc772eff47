"""Further files of a new project: README, .gitignore, requirements."""

from __future__ import annotations

import textwrap

from l3kit.new_project.choices import TWIN_FOLDER, Choices
from l3kit.new_project.examples import EXAMPLES
from l3kit.new_project.workflow import sandboxed
from l3kit.providers import provider

GITIGNORE = f"""\
# Secrets of the links between clouds; deployment makes it again from what is deployed.
{TWIN_FOLDER}/config_inter_cloud.json
{TWIN_FOLDER}/config_inter_cloud.json.lock
{TWIN_FOLDER}/.config_inter_cloud.json.*
{TWIN_FOLDER}/config_iot_devices.json.lock
# Sandboxes, whose links have tokens too, and the logs of apply, which name the accounts.
.l3kit/

build/
.venv/
__pycache__/
.ipynb_checkpoints/
"""


def requirements(version: str) -> str:
    """Return requirements.txt."""
    wheel = f"./l3kit-{version}-py3-none-any.whl[all]"
    line = f"# Until l3kit is on a package index, put its wheel next to this file and write {wheel}"
    return f"{line}\nl3kit[all]=={version}\n"


def readme(choices: Choices) -> str:
    """Return README.md, a guide from installation to a moved and queried twin in the sandbox."""
    hot, cold, archive = choices.clouds
    return f"""# {choices.name}

The storage of a digital twin, tiered by l3kit: hot on `{hot}`, cold on `{cold}`, archive on `{archive}`.
[{TWIN_FOLDER}/](twin/README.md) has its configuration.

## In the sandbox, on this machine

```
python -m venv .venv && . .venv/bin/activate
pip install --require-hashes -r requirements.lock
pip install --no-deps -r requirements.txt

{_run("deploy_l3")}
{_devices(choices)}{_run("run_movers")}
{_run("verify_connections")}
{_run("query_tiers")}
l3kit sandbox down --name {choices.name}
```

Or open the notebooks with `jupyter lab`. The exit code of papermill is the verdict; each output notebook has a JSON
result next to it.

{_examples(choices)}## On real accounts

{_real_accounts(choices)}"""


def _examples(choices: Choices) -> str:
    """Return the section on the examples, or nothing if there are none."""
    if not choices.examples:
        return ""
    commands = "\n".join(_run(name) for name in EXAMPLES)
    return f"""## Examples

About twins of l3kit's own in `params/twins/`, in sandboxes that end with the notebook: messages and a year of moves, a
mover killed at each of its calls, and what a workload costs.

```
{commands}
```

"""


def _real_accounts(choices: Choices) -> str:
    """Return the section on real accounts, or on the sandbox if l3kit does not reach all of the twin's clouds yet."""
    if waiting := sandboxed(choices):
        return f"""l3kit does not reach real accounts of {waiting} yet, so `.github/workflows/l3kit.yml` deploys into a
sandbox of the runner: this checks that the twin's files are valid and its connections work.
"""
    permissions = "\n".join(f"l3kit permissions {cloud} --json --twin {choices.name}" for cloud in choices.used)
    trusts = "; ".join(one.ci_trust for one in map(provider, choices.used))
    login = "\n".join(textwrap.wrap(f"It logs in without a stored key: {trusts}.", 120, break_on_hyphens=False))
    return f"""The same notebooks with `params/*.live.yaml`, which change nothing before `apply_changes` is true. l3kit
reads each cloud's usual credentials. This prints what they must allow:

```
{permissions}
```

`.github/workflows/l3kit.yml` comments the plan on pull requests, and applies main.
{login}
"""


def _run(notebook: str) -> str:
    return f"papermill notebooks/{notebook}.ipynb build/{notebook}.ipynb -f params/{notebook}.sandbox.yaml"


def _devices(choices: Choices) -> str:
    """Return the lines that load a file and, if the twin takes messages, those that publish as its devices."""
    load = "l3kit load params/deploy_l3.sandbox.yaml readings.csv    # yours; see --help for how columns are found\n"
    simulate = f"l3kit simulate {TWIN_FOLDER} --name {choices.name} --count 100 --rate 0\n"
    return load + (simulate if choices.message_chain else "")

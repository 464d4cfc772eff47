"""The notebooks, and what each takes as parameters."""

from __future__ import annotations

from l3kit.cost.report.parameters import CostAnalysisParameters
from l3kit.notebook import parameters as params
from l3kit.notebook.parameter_model import Parameters
from l3kit.operate.letters.parameters import LettersParameters

MODELS: dict[str, type[Parameters]] = {
    "walkthrough": params.WalkthroughParameters,
    "deploy_l3": params.DeployParameters,
    "run_movers": params.RunMoversParameters,
    "operations": params.OperationsParameters,
    "verify_connections": params.VerifyParameters,
    "query_tiers": params.QueryParameters,
    "letters": LettersParameters,
    "crash_lab": params.CrashLabParameters,
    "cost_analysis": CostAnalysisParameters,
    "destroy_l3": params.DestroyParameters,
}

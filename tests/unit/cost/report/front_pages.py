"""The first page of any scenario, on a day that stays the same."""

from __future__ import annotations

from datetime import date

from l3kit.cost.analysis.scenario import Scenario
from l3kit.cost.report.front_page import FrontPage, first_page

TODAY = date(2026, 11, 23)


def page(asked: Scenario) -> FrontPage:
    return first_page("A test", asked, TODAY)

"""`l3kit first-light`: the whole product once through on a real account, from deployment to an empty account.

What lives here: the smallest twin, its items, the steps, their cost, the clean-up and the report. What must not:
knowledge of how a resource is created or data are moved; every step calls the API that notebooks call.
"""

from __future__ import annotations

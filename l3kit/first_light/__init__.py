"""`l3kit first-light`: the whole product once through on a real account, from deployment to an empty account.

What lives here: the smallest twin, its items, the steps, what they cost, the clean-up and the report. What must not:
anything that knows how a resource is made or how data are moved; every step calls what notebooks call.
"""

from __future__ import annotations

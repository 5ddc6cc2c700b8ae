"""All worked examples: small tables, a signal, and the value of each entity, one just below the threshold and one at it."""

from __future__ import annotations

from tests.spec import elsewhere, trade, viewing

CASES = [*viewing.CASES, *elsewhere.CASES, *trade.CASES]

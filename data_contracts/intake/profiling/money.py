"""Unit of amounts, from their names, their digits and what a basket usually costs."""

from __future__ import annotations

import math
import re

from data_contracts.intake.profiling.columns import ColumnProfile
from data_contracts.intake.profiling.zones import Guess

CENTS_NAME = re.compile(r"[（(]?分[)）]?$|_?(fen|cents?)$", re.IGNORECASE)
YUAN_NAME = re.compile(r"[（(]元[)）]?|_?(yuan|cny|rmb)$", re.IGNORECASE)
NAMED_CONFIDENCE, FRACTIONS_CONFIDENCE = 0.97, 0.95
# Median amount of an order of live commerce in yuan, and its spread across platforms (log).
BASKET_YUAN, BASKET_SPREAD = 80.0, 1.2
# Whole amounts only: in cents that is so always, in yuan on few platforms.
PRIOR_ODDS_OF_CENTS, MAX_CONFIDENCE = 3.0, 0.95
MIN_AMOUNTS = 20


def guess_money(amounts: list[ColumnProfile]) -> Guess:
    """Guess whether amounts are in cents or in yuan.

    Parameters
    ----------
    amounts
        Profiles of the columns of amounts of one source.
    """
    for amount in amounts:
        if CENTS_NAME.search(amount.name):
            return Guess("cents", NAMED_CONFIDENCE, f"named {amount.name}")
        if YUAN_NAME.search(amount.name):
            return Guess("yuan", NAMED_CONFIDENCE, f"named {amount.name}")
    counted = [a for a in amounts if a.values >= MIN_AMOUNTS and a.median]
    if not counted:
        return Guess("yuan", 0.3, "too few amounts to tell")
    amount = counted[0]
    if amount.wholes < 1:
        share = 1 - amount.wholes
        why = f"{share:.0%} of {amount.name} have a fraction, and cents have none"
        return Guess("yuan", FRACTIONS_CONFIDENCE, why)
    assert amount.median is not None
    odds = PRIOR_ODDS_OF_CENTS * math.exp(
        _log_density(amount.median / 100) - _log_density(amount.median)
    )
    cents = odds / (1 + odds)
    basket = f"the median of {amount.name} is {amount.median:g} and all are whole numbers"
    if cents >= 0.5:
        yuan = f"a usual basket as {amount.median / 100:g} yuan"
        return Guess("cents", min(cents, MAX_CONFIDENCE), f"{basket}: {yuan}")
    return Guess(
        "yuan",
        min(1 - cents, MAX_CONFIDENCE),
        f"{basket}: a usual basket as {amount.median:g} yuan",
    )


def _log_density(median_yuan: float) -> float:
    """Log density of a median basket, up to a constant."""
    return -(((math.log(max(median_yuan, 0.01)) - math.log(BASKET_YUAN)) / BASKET_SPREAD) ** 2) / 2

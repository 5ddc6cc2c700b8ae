"""Mean credit of each tier: whether those who are watched more have less of it."""

from __future__ import annotations

import pandas as pd

from serving.oversight.credit import SUB_SCORES
from serving.tiers.evidence import TIERS


def credit_by_tier(credit: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """Mean credit and sub-scores of the operators of each tier in one night.

    Parameters
    ----------
    credit, decisions
        Rows of `credit` and of `tier_decisions` of the night.

    Returns
    -------
    pandas.DataFrame
        A row for each tier, from A: tier, operators, rated (those with a credit), credit and the
        four sub-scores. Means are of known values, null where none is known.
    """
    tiers = decisions.set_index("operator_id")["tier"]
    columns = ["credit", *SUB_SCORES]
    by_tier = credit[columns].astype(float).groupby(credit["operator_id"].map(tiers))
    counts = pd.DataFrame({"operators": by_tier.size(), "rated": by_tier["credit"].count()})
    found = counts.reindex(list(TIERS)).fillna(0).astype("int64")
    return found.join(by_tier.mean().round(2)).rename_axis("tier").reset_index()

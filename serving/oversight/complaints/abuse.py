"""Complainants who are unfounded more often than chance explains (Order 117 Art. 20)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy.stats import binom

from serving.oversight.findings import UNMAPPED, finding_frame, finding_id
from serving.policy.case_policy import ComplaintPolicy

MAX_IDS = 20


def abusive_complainants(cases: pd.DataFrame, policy: ComplaintPolicy) -> list[dict[str, Any]]:
    """Findings on complainants, each about the operator that it complained of most.

    The test is binomial and one-sided; the rate of unfounded complaints leaves the complainant
    itself out. Open complaints, and those whose outcome is not known, do not count.

    Parameters
    ----------
    cases
        `complaint_cases`.
    policy
        Least decided complaints, and the largest p-value.

    Returns
    -------
    list of dict
        complainant_id, operator_id, share (unfounded), peers, p_value, evidence.
    """
    decided = cases[cases["upheld"].notna() & cases["complainant_id"].notna()]
    if decided.empty:
        return []
    bad = (~decided["upheld"].astype(bool)).astype(int)
    got = bad.groupby(decided["complainant_id"]).agg(["size", "sum"])
    others, unfounded = len(decided) - got["size"], bad.sum() - got["sum"]
    rate = (unfounded + 1.0) / (others + 2.0)  # one pseudo-count a side
    p = pd.Series(binom.sf(got["sum"] - 1, got["size"], rate), index=got.index)
    chosen = got.index[(got["size"] >= policy.least_decided) & (p <= policy.p_value)]
    out = []
    for complainant in chosen:
        mine = decided[decided["complainant_id"] == complainant]
        wrong = mine[~mine["upheld"].astype(bool)]
        evidence = {
            "decided": int(got.at[complainant, "size"]),
            "unfounded": int(got.at[complainant, "sum"]),
            "operators": int(mine["operator_id"].nunique()),
            "complaints": sorted(map(str, wrong.index))[:MAX_IDS],
        }
        out.append(
            {
                "complainant_id": str(complainant),
                "operator_id": str(wrong["operator_id"].value_counts().sort_index().idxmax()),
                "share": float(got.at[complainant, "sum"] / got.at[complainant, "size"]),
                "peers": float(rate[complainant]),
                "p_value": float(p[complainant]),
                "evidence": evidence,
            }
        )
    return out


def complainant_findings(found: list[dict[str, Any]], article: str = UNMAPPED) -> pd.DataFrame:
    """Complainants who abuse complaints, each about the operator that it complained of most."""
    name = "abusive_complaints"
    rows = [
        [
            *(finding_id(name, f["complainant_id"]), name, f["operator_id"], f["complainant_id"]),
            *(f["share"], f["peers"], f["p_value"], None, article, f["evidence"]),
        ]
        for f in found
    ]  # fmt: skip
    return finding_frame(rows)

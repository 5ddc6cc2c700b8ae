# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5. Tiers: from a risk to a decision, and what another policy would have done
#
# Ten minutes. A tier is a pure function of risk, rarity among honest operators, influence, capacity and history. We look at tonight's
# operators on these axes, then change the policy and see who would have moved, without touching what was published.

# %%
import json
import os
from dataclasses import replace
from pathlib import Path

import altair as alt
import pandas as pd

from data_contracts.runs import published_runs, read_outbound
from serving.ledger.decisions import verify_decisions
from serving.nightly.replay import what_if
from serving.policy.load import load_policy

lake = Path(
    os.environ.get(
        "STEELYARD_LAKE", "../demo/lake" if Path("../demo/lake").exists() else "demo/lake"
    )
)
assert lake.is_dir(), (
    f"{lake} is not there: run `make demo`, or name a lake with a published night in STEELYARD_LAKE"
)
nights = sorted(published_runs(lake))
policy = load_policy()
tiers = read_outbound(lake, "tier_decisions")
print("nights", nights, "policy", policy.version)
tiers.groupby("tier").size().rename("operators").reset_index()

# %% [markdown]
# ## Risk and influence
# Influence raises supervision, never guilt: it moves nobody to the right.

# %%
shown = tiers[["operator_id", "tier", "risk", "p_value", "influence", "why"]].assign(
    why=lambda t: t["why"].map(lambda w: json.loads(w)["en"])
)
alt.Chart(shown).mark_circle(size=60).encode(
    x=alt.X("risk:Q", title="risk (calibrated)"),
    y=alt.Y("influence:Q"),
    color=alt.Color("tier:N", sort=list("ABCD")),
    tooltip=["operator_id", "tier", "risk", "p_value", "influence", "why"],
)

# %% [markdown]
# ## How rare each would be among honest operators
# The conformal p-value: the share of cleared operators that look at least as suspicious. A review needs it to be rare; C and D are
# selected together, so that of those selected at most the policy's share is expected to be honest.

# %%
alt.Chart(shown.dropna(subset=["p_value"])).mark_bar().encode(
    x=alt.X("p_value:Q", bin=alt.Bin(step=0.05)),
    y="count()",
    color=alt.Color("tier:N", sort=list("ABCD")),
)

# %% [markdown]
# ## What if?
# The policy in force moves nobody (the record would not stand otherwise). A stricter and a milder one do.

# %%
first, last = (pd.Timestamp(n).date() for n in (nights[0], nights[-1]))
trials = {
    "in force": policy,
    "review twice as many honest": replace(
        policy, tiers=replace(policy.tiers, review_honest=2 * policy.tiers.review_honest)
    ),
    "no bound, risk alone": replace(
        policy, tiers=replace(policy.tiers, review_honest=1.0, false_discovery=1.0)
    ),
    "half the patrol": replace(
        policy,
        tiers=replace(
            policy.tiers,
            capacity_B=policy.tiers.capacity_B / 2,
            capacity_C=policy.tiers.capacity_C / 2,
        ),
    ),
}
moved = {name: what_if(lake, first, last, p) for name, p in trials.items()}
assert moved["in force"].empty
pd.DataFrame(
    {name: m.groupby(["tier", "would_be"]).size() for name, m in moved.items() if len(m)}
).fillna(0).astype(int)

# %% [markdown]
# ## Does the record stand?
# Every decision is chained to the one before. An empty list means that nothing was edited, removed, moved or cut off.

# %%
verify_decisions(lake)

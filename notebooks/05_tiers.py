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
# Ten minutes. A tier is a pure function of risk, rarity among honest operators, influence, capacity
# and history. We look at tonight's operators on these axes. Then we change the policy and see who
# would have moved. Nothing published is touched.

# %%
import json
import os
from dataclasses import replace

import altair as alt
import pandas as pd

import steelyard

lake = steelyard.open_lake(os.environ.get("STEELYARD_LAKE", "../demo/lake"))
night = lake.night()
policy, tiers = night.policy, night.tiers
print("nights", *lake.nights, "policy", policy.version)
tiers.groupby("tier").size().rename("operators").reset_index()

# %% [markdown]
# ## Risk and influence
# Influence raises supervision, never guilt: it moves no operator to the right.

# %%
operators = tiers[["operator_id", "tier", "risk", "p_value", "influence", "why"]].assign(
    why=lambda t: t["why"].map(lambda w: json.loads(w)["en"])
)
alt.Chart(operators).mark_circle(size=60).encode(
    x=alt.X("risk:Q", title="risk (calibrated)"),
    y=alt.Y("influence:Q"),
    color=alt.Color("tier:N", sort=list("ABCD")),
    tooltip=["operator_id", "tier", "risk", "p_value", "influence", "why"],
)

# %% [markdown]
# ## How rare each is among honest operators
# The conformal p-value is the share of honest operators that look at least as suspicious. C and D
# are selected together, so that at most the policy's share of them is expected to be honest. A
# review needs no p-value: it needs the expected precision that the policy asks.

# %%
alt.Chart(operators.dropna(subset=["p_value"])).mark_bar().encode(
    x=alt.X("p_value:Q", bin=alt.Bin(step=0.05)),
    y="count()",
    color=alt.Color("tier:N", sort=list("ABCD")),
)

# %%
tiers.groupby(["tier", "selected_by"]).size().rename("operators").reset_index()

# %% [markdown]
# ## What if?
# The policy in force moves no operator. A stricter and a milder one do.

# %%
t = policy.tiers
trials = {
    "in force": t,
    "surer reviews": replace(t, review_precision=0.7, C=0.7),
    "more reviews": replace(t, review_precision=0.3),
    "no bound, risk alone": replace(t, false_discovery=1.0),
    "half the patrol": replace(t, capacity_B=t.capacity_B / 2, capacity_C=t.capacity_C / 2),
}
moves = {name: lake.try_policy(replace(policy, tiers=trial)) for name, trial in trials.items()}
assert moves["in force"].empty
pd.DataFrame(
    {name: m.groupby(["tier", "would_be"]).size() for name, m in moves.items() if len(m)}
).fillna(0).astype(int)

# %% [markdown]
# ## Is the ledger whole?
# Every decision is chained to the one before. An empty list means that nothing was edited, removed,
# moved or cut off.

# %%
lake.verify()

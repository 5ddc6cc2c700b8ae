# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4. Models: what they learnt from, how sure they are, and whether they still hold
#
# Ten minutes. We read tonight's scores of sessions, hold them against the verdicts of people, look at calibration, at what the random
# audit says, and at drift. Nothing here reads planted truth: an analyst on a real platform has none.

# %%
import json
import os
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

from data_contracts.runs import published_runs, read_outbound, run_folder
from features.engine.snapshot import Snapshot
from serving.oversight.random_audit import audit_estimates
from serving.policy.load import load_policy
from serving.scoring.scope import moment_of
from training.dataset.labels import operator_verdicts
from training.models.operator_rank import MODEL

lake = Path(
    os.environ.get(
        "STEELYARD_LAKE", "../demo/lake" if Path("../demo/lake").exists() else "demo/lake"
    )
)
assert lake.is_dir(), (
    f"{lake} is not there: run `make demo`, or name a lake with a published night in STEELYARD_LAKE"
)
nights = sorted(published_runs(lake))
manifest = json.loads((run_folder(lake) / "manifest.json").read_text())
pd.DataFrame(manifest["models"]).T

# %% [markdown]
# ## Scores of sessions, all published nights
# The model says a probability; deviance, the unsupervised control, says only how far a session lies from its peers.

# %%
scores = pd.concat([read_outbound(lake, "scores", n).assign(night=n) for n in nights])
wide = scores[scores["entity_kind"] == "session"].pivot_table(
    index="entity_id", columns="model", values=["probability", "score"]
)
s = pd.DataFrame(
    {
        "probability": wide[("probability", "session_inflation")],
        "deviance": wide[("score", "deviance")],
    }
).reset_index()
alt.Chart(s).mark_circle(opacity=0.6).encode(
    x="deviance:Q", y="probability:Q", tooltip=["entity_id", "probability", "deviance"]
).properties(width=480, height=240, title="One dot a session")

# %% [markdown]
# ## Against people's verdicts
# Verdicts that are known by now on the sessions and orders of each operator, from patrols, appeals and the random audit. Tonight's
# sessions have none yet: people need days. So we judge operators, whose verdicts of 28 days are in.

# %%
tables = Snapshot.open(lake, moment_of(pd.Timestamp(nights[-1]).date()))
known = operator_verdicts(
    tables,
    MODEL,
    pd.Timestamp("2000-01-01"),
    pd.Timestamp(moment_of(pd.Timestamp(nights[-1]).date())),
)
risk = read_outbound(lake, "tier_decisions").set_index("operator_id")["risk"].rename("probability")
both = known.join(risk, how="inner").dropna(subset=["probability"])
print(
    len(both),
    "of",
    len(risk),
    "operators have verdicts;",
    int(both["confirmed"].sum()),
    "were confirmed",
)
both.groupby(["confirmed", "audited"])["probability"].describe()[["count", "mean", "min", "max"]]

# %% [markdown]
# ## Does a probability mean what it says?
# With few verdicts, many of them of the weeks that the model learnt from, this is a sketch and flatters the model; the page on detection
# in `docs/benchmarks` has the figure on an unseen world.

# %%
bins = pd.cut(both["probability"], [0, 0.05, 0.2, 0.5, 0.8, 1.0], include_lowest=True)
said = both.groupby(bins, observed=True).agg(
    said=("probability", "mean"), found=("confirmed", "mean"), verdicts=("confirmed", "size")
)
line = (
    alt.Chart(pd.DataFrame({"x": [0.0, 1.0]}))
    .mark_line(color="#9aa7b4", strokeDash=[4, 4])
    .encode(x="x:Q", y=alt.Y("x:Q", title="confirmed"))
)
dots = (
    alt.Chart(said.reset_index(drop=True))
    .mark_circle(color="#1f3044")
    .encode(x=alt.X("said:Q", title="probability said"), y="found:Q", size="verdicts:Q")
)
(line + dots).properties(width=300, height=300)

# %% [markdown]
# ## What the random audit says
# Recall and false accusation can only be told from sessions that were drawn whatever their score.

# %%
audit_estimates(lake, load_policy())

# %% [markdown]
# ## Has anything drifted?
# PSI of tonight against the nights before; from 0.25 on the policy calls it drift.

# %%
drift = read_outbound(lake, "drift").sort_values("psi", ascending=False)
alt.Chart(drift.head(15)).mark_bar().encode(
    x="psi:Q",
    y=alt.Y("what:N", sort="-x", title=None),
    color="drifted:N",
    tooltip=["entity_kind", "stratum", "shift", "reference", "tonight"],
).properties(width=420)

# %% [markdown]
# ## Why one session scored as it did
# SHAP values, in the signals' own words. They say what moved this score in this model; they do not say what caused what.

# %%
first = scores[(scores["model"] == "session_inflation")].sort_values("probability").iloc[-1]
pd.DataFrame(json.loads(first["reasons"]))[["signal", "value", "peers", "share", "en", "zh"]]

# %% [markdown]
# ## Would a challenger take over?
# `steelyard promote` judges it on verdicts that neither model was trained on. With no challenger there is nothing to judge.

# %%
shadow = read_outbound(lake, "shadow_scores")
np.unique(shadow["model_version"]) if len(shadow) else "no challenger scores beside the champions"

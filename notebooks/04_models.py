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
# Ten minutes. We read scores of sessions, compare risks with people's verdicts, look at
# calibration, at the random audit, and at drift. Nothing here reads planted truth: a real platform
# has none.

# %%
import os

import altair as alt
import pandas as pd

import steelyard

lake = steelyard.open_lake(os.environ.get("STEELYARD_LAKE", "../demo/lake"))
night = lake.night()
pd.DataFrame(night.run["models"]).T

# %% [markdown]
# ## Scores of sessions, all published nights
# The model states a probability. The anomaly score (published as model `deviance`) needs no label:
# it says only how far a session deviates from its peers.

# %%
scores = pd.concat([lake.night(d).scores for d in lake.nights])
wide = scores[scores["entity_kind"] == "session"].pivot_table(
    index="entity_id", columns="model", values=["probability", "score"]
)
s = pd.DataFrame(
    {
        "probability": wide[("probability", "session_inflation")],
        "anomaly": wide[("score", "deviance")],
    }
).reset_index()
alt.Chart(s).mark_circle(opacity=0.6).encode(
    x=alt.X("anomaly:Q", title="anomaly score"),
    y="probability:Q",
    tooltip=["entity_id", "probability", "anomaly"],
).properties(width=480, height=240, title="One dot a session")

# %% [markdown]
# ## Against people's verdicts
# Verdicts known by now on the sessions and orders of each operator, from patrols, appeals and the
# random audit. Tonight's sessions have none yet, because people need days. So we judge operators.

# %%
risk = night.tiers.set_index("operator_id")["risk"].rename("probability")
both = lake.verdicts().join(risk, how="inner").dropna(subset=["probability"])
print(len(both), "of", len(risk), "operators have verdicts;", both["confirmed"].sum(), "confirmed")
both.groupby(["confirmed", "audited"])["probability"].describe()[["count", "mean", "min", "max"]]

# %% [markdown]
# ## Does a probability mean what it says?
# Verdicts are few, and many are from the weeks of training, so this sketch flatters the model. The
# page on detection in `docs/benchmarks` has the figure for an unseen world.

# %%
bins = pd.cut(both["probability"], [0, 0.05, 0.2, 0.5, 0.8, 1.0], include_lowest=True)
calibration = both.groupby(bins, observed=True).agg(
    stated=("probability", "mean"), found=("confirmed", "mean"), verdicts=("confirmed", "size")
)
line = (
    alt.Chart(pd.DataFrame({"x": [0.0, 1.0]}))
    .mark_line(color="#9aa7b4", strokeDash=[4, 4])
    .encode(x="x:Q", y=alt.Y("x:Q", title="share confirmed"))
)
dots = (
    alt.Chart(calibration.reset_index(drop=True))
    .mark_circle(color="#1f3044")
    .encode(x=alt.X("stated:Q", title="probability stated"), y="found:Q", size="verdicts:Q")
)
(line + dots).properties(width=300, height=300)

# %% [markdown]
# ## The random audit
# Recall and false accusation can be estimated only from sessions that were drawn whatever their
# score.

# %%
lake.audit()

# %% [markdown]
# ## Has anything drifted?
# The population stability index (PSI) of tonight against the nights before. From 0.25 on, the
# policy calls it drift.

# %%
drift = night.table("drift").sort_values("psi", ascending=False)
alt.Chart(drift.head(15)).mark_bar().encode(
    x="psi:Q",
    y=alt.Y("what:N", sort="-x", title=None),
    color="drifted:N",
    tooltip=["entity_kind", "stratum", "shift", "reference", "tonight"],
).properties(width=420)

# %% [markdown]
# ## Why one session scored as it did
# SHAP values in the signals' own words. They say what moved this score in this model, not what
# caused it.

# %%
sessions = night.scores.query("model == 'session_inflation'").sort_values("probability")
reasons = night.case(sessions["entity_id"].iloc[-1]).reasons
reasons[["signal", "value", "peers", "share", "en", "zh"]]

# %% [markdown]
# ## Would a challenger take over?
# `steelyard promote` judges it on verdicts that neither model was trained on. Without a challenger
# there is nothing to judge.

# %%
shadow = night.table("shadow_scores")
shadow["model_version"].unique() if len(shadow) else "no challenger scored this night"

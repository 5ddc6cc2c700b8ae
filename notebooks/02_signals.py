# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2. Signals: what a number means, and how honest rooms compare
#
# Ten minutes. A signal is one declaration: value, unit, reason and blind spot. We read one, compute
# it again from raw rows, look at its distribution, and ask of every signal how much it tells alone.
# The lake is `STEELYARD_LAKE`, or that of `make demo`.

# %%
import os

import altair as alt
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

import steelyard

lake = steelyard.open_lake(os.environ.get("STEELYARD_LAKE", "../demo/lake"))
night = lake.night()
pd.Series([s.entity for s in steelyard.SIGNALS.values()]).value_counts().rename(
    "signals"
).to_frame()

# %% [markdown]
# ## One declaration

# %%
one = steelyard.SIGNALS["operator_proxy_view_share"]
declared = ("entity", "unit", "freshness", "direction", "alarm", "doc", "en", "zh", "blind")
pd.Series({k: getattr(one, k) for k in declared}).to_frame("declared")

# %% [markdown]
# ## The same value from raw rows
# The night computes it by an Ibis expression on DuckDB. A plain pandas count must agree.

# %%
tables = night.snapshot
stored = night.signals.query("signal == @one.name").set_index("entity_id")["value"]
v = (
    tables["views"]
    .join(tables["sessions"].select("session_id", "operator_id"), "session_id")
    .select("operator_id", "asn_kind")
    .to_pandas()
)
proxy = v["asn_kind"].eq("proxy").where(v["asn_kind"].notna()).astype(float)
by_hand = proxy.groupby(v["operator_id"]).mean()
assert np.allclose(by_hand.reindex(stored.index), stored)
by_hand.sort_values(ascending=False).head(8).rename("share by hand").to_frame().join(
    stored.rename("published")
)

# %% [markdown]
# ## Its distribution
# Most operators are near zero. The red line is the alarm, from which the rules-only control counts
# it.

# %%
bars = (
    alt.Chart(stored.rename("share").reset_index())
    .mark_bar()
    .encode(x=alt.X("share:Q", bin=alt.Bin(maxbins=30), title=one.doc), y="count()")
)
rule = (
    alt.Chart(pd.DataFrame({"share": [one.alarm]})).mark_rule(color="#b3362b").encode(x="share:Q")
)
(bars + rule).properties(width=520, height=180, title=one.name)

# %% [markdown]
# ## What each signal tells alone
# Against people's verdicts known tonight: the area under the ROC curve of every operator signal, on
# its suspicious side. Half is chance. Patrols look where scores are high, so this flatters some
# signals.

# %%
verdicts = lake.verdicts()
wide = night.signals.query("entity_kind == 'operator'").pivot(
    index="entity_id", columns="signal", values="value"
)
wide = wide.reindex(verdicts.index)
rows = []
for s in steelyard.SIGNALS.values():
    if s.entity != "operator" or s.name not in wide or wide[s.name].notna().sum() < 10:
        continue
    known = wide[s.name].notna()
    truth = verdicts.loc[known, "confirmed"]
    if 0 < truth.sum() < len(truth):
        auc = roc_auc_score(truth, wide.loc[known, s.name] * (s.direction or 1))
        auc = auc if s.direction else max(auc, 1 - auc)
        rows.append((s.name, s.typology, auc, int(known.sum()), "graph" if s.graph else "plain"))
alone = pd.DataFrame(rows, columns=["signal", "typology", "auroc", "operators", "kind"])
alone = alone.sort_values("auroc", ascending=False)
alt.Chart(alone.head(20)).mark_bar().encode(
    x=alt.X("auroc:Q", scale=alt.Scale(domain=[0.4, 1.0], clamp=True)),
    y=alt.Y("signal:N", sort="-x", title=None),
    color="typology:N",
    tooltip=["operators", "kind"],
).properties(width=420)

# %% [markdown]
# ## Which of them agree
# Rank correlations among the ten strongest. Signals that one cause moves together count as one
# piece of evidence.

# %%
top = alone["signal"].head(10).tolist()
c = wide[top].rank().corr().rename_axis(index="a", columns="b").stack().rename("r").reset_index()
alt.Chart(c).mark_rect().encode(
    x=alt.X("a:N", title=None),
    y=alt.Y("b:N", title=None),
    color=alt.Color("r:Q", scale=alt.Scale(scheme="redblue", domain=[-1, 1])),
    tooltip=["a", "b", "r"],
).properties(width=340, height=340)

# %% [markdown]
# ## What was unknown tonight
# Missing data is unknown, neither innocent nor guilty. It moves no tier.

# %%
unknown = wide.isna().mean().sort_values(ascending=False)
unknown[unknown > 0].head(12).rename("share of judged operators without a value").to_frame()

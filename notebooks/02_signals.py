# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2. Signals: what a number means, who else has it, and what honest rooms do
#
# Ten minutes. A signal is one declaration: value, name, document, reason text and freshness. We read one, compute it again from raw
# rows, look at how it spreads over operators, and ask of every signal how much it tells on its own.

# %%
import os
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

from data_contracts.runs import published_runs, read_outbound
from features.catalogue import BY_NAME, CATALOGUE, of_entity
from features.engine.snapshot import Snapshot
from serving.scoring.scope import moment_of

lake = Path(
    os.environ.get(
        "STEELYARD_LAKE", "../demo/lake" if Path("../demo/lake").exists() else "demo/lake"
    )
)
assert lake.is_dir(), (
    f"{lake} is not there: run `make demo`, or name a lake with a published night in STEELYARD_LAKE"
)
night = pd.Timestamp(max(published_runs(lake))).date()
tables = Snapshot.open(lake, moment_of(night))
pd.Series([s.entity for s in CATALOGUE]).value_counts().rename("signals").to_frame()

# %% [markdown]
# ## One declaration

# %%
one = BY_NAME["operator_proxy_view_share"]
pd.Series(
    {
        k: getattr(one, k)
        for k in ("entity", "unit", "freshness", "direction", "alarm", "doc", "en", "zh", "blind")
    }
).to_frame("declared")

# %% [markdown]
# ## The same value from raw rows
# Ibis expressions run on DuckDB here, on Spark elsewhere; a plain pandas count must agree with them.

# %%
stored = read_outbound(lake, "signals").query("signal == @one.name").set_index("entity_id")["value"]
v = (
    tables["views"]
    .join(tables["sessions"].select("session_id", "operator_id"), "session_id")
    .select("operator_id", "asn_kind")
    .to_pandas()
)
by_hand = (
    v["asn_kind"]
    .eq("proxy")
    .where(v["asn_kind"].notna())
    .astype(float)
    .groupby(v["operator_id"])
    .mean()
)
assert np.allclose(by_hand.reindex(stored.index), stored)
by_hand.sort_values(ascending=False).head(8).rename("share by hand").to_frame().join(
    stored.rename("published")
)

# %% [markdown]
# ## How it spreads
# Most operators are near zero; the alarm is drawn. What lies beyond it counts for the rules-only control.

# %%
bars = (
    alt.Chart(stored.rename("share").reset_index())
    .mark_bar()
    .encode(
        x=alt.X(
            "share:Q",
            bin=alt.Bin(maxbins=30),
            title=one.en.format(value=0.0).replace("0%", "share"),
        ),
        y="count()",
    )
)
rule = (
    alt.Chart(pd.DataFrame({"share": [one.alarm]})).mark_rule(color="#b3362b").encode(x="share:Q")
)
(bars + rule).properties(width=520, height=180, title=one.name)

# %% [markdown]
# ## What each signal tells alone
# Against verdicts that are known tonight (people's, not planted truth): the area under the ROC curve of every operator signal, on its
# suspicious side. Half is chance. Verdicts come from patrols that look where scores are high, so this flatters what patrols look at.

# %%
from sklearn.metrics import roc_auc_score

from training.dataset.labels import operator_verdicts
from training.models.operator_rank import MODEL

verdicts = operator_verdicts(
    tables, MODEL, pd.Timestamp("2000-01-01"), pd.Timestamp(moment_of(night))
)
wide = (
    read_outbound(lake, "signals")
    .query("entity_kind == 'operator'")
    .pivot(index="entity_id", columns="signal", values="value")
)
wide = wide.reindex(verdicts.index)
rows = []
for s in of_entity("operator"):
    if s.name not in wide or wide[s.name].notna().sum() < 10:
        continue
    known = wide[s.name].notna()
    truth = verdicts.loc[known, "confirmed"]
    if 0 < truth.sum() < len(truth):
        auc = roc_auc_score(truth, wide.loc[known, s.name] * (s.direction or 1))
        rows.append(
            (
                s.name,
                s.typology,
                auc if s.direction else max(auc, 1 - auc),
                int(known.sum()),
                "graph" if s.graph else "plain",
            )
        )
alone = pd.DataFrame(
    rows, columns=["signal", "typology", "auroc", "operators", "kind"]
).sort_values("auroc", ascending=False)
alt.Chart(alone.head(20)).mark_bar().encode(
    x=alt.X("auroc:Q", scale=alt.Scale(domain=[0.4, 1.0], clamp=True)),
    y=alt.Y("signal:N", sort="-x", title=None),
    color="typology:N",
    tooltip=["operators", "kind"],
).properties(width=420)

# %% [markdown]
# ## Which of them say the same
# Rank correlations among the ten strongest: where two nearly agree, one of them is a matter of taste.

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
# Missing data is unknown, not innocent and not guilty: it moves no tier.

# %%
unknown = wide.isna().mean().sort_values(ascending=False)
unknown[unknown > 0].head(12).rename("share of judged operators for whom it is unknown").to_frame()

# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 6. A case: one session and one ring, taken apart
#
# Ten minutes. We take the session that last night ranked first, compute its signals again, see
# which minutes stand out, and then take a ring of buyers in hand as a networkx graph.

# %%
import os

import altair as alt
import networkx as nx
import pandas as pd

import steelyard

lake = steelyard.open_lake(os.environ.get("STEELYARD_LAKE", "../demo/lake"))
night = lake.night()
night.date

# %% [markdown]
# ## The session that the night ranked first

# %%
sessions = night.scores.query("entity_kind == 'session'")
by_model = sessions.query("model != 'deviance'")  # the anomaly score, where no model was asked
sessions = by_model if len(by_model) else sessions
case = night.case(sessions.sort_values("rank")["entity_id"].iloc[0])
print(case.entity_id, "probability", case.score["probability"], "by", case.score["model"])
case.reasons[["signal", "value", "peers", "share", "en", "zh"]]

# %% [markdown]
# ## The reasons, checked
# Values that rest on the session's own rows must be those that the night published.

# %%
again = steelyard.compute(
    night.snapshot, signals=list(case.reasons["signal"]), only=[case.entity_id]
).loc[case.entity_id]
published = case.signals.reindex(again.index)
sources = {name: steelyard.SIGNALS[name].source for name in again.index}
own = [name for name, source in sources.items() if source is not None and source.local]
pd.testing.assert_series_equal(again[own], published[own], check_names=False)
pd.DataFrame({"computed again": again, "published": published})

# %% [markdown]
# ## Who came, and how long they stayed
# Join time against stay (FLOCK's view). Honest audiences fill the triangle; blocks and stripes are
# made.

# %%
v = case.views.assign(stay=lambda d: d["stay_seconds"] / 60)
v = v.sample(min(len(v), 4000), random_state=1)[["joined_minute", "stay", "asn_kind"]]
alt.Chart(v).mark_circle(size=12, opacity=0.5).encode(
    x=alt.X("joined_minute:Q", title="joined, minutes after the start"),
    y=alt.Y("stay:Q", title="stay, minutes"),
    color="asn_kind:N",
).properties(width=560, height=260, title="Join time and stay, one dot a view")

# %% [markdown]
# ## Which minutes stand out
# Red: a counter above five times its median, without a boost or a raid. Green: a granted cause.

# %%
case.chart()

# %% [markdown]
# ## How much is real

# %%
case.figures[["measure", "counted", "estimate", "low", "high", "certainty", "basis"]]

# %% [markdown]
# ## A ring in hand
# Accounts linked by what they did together, or by what they share. Each edge carries its evidence.

# %%
rings = night.rings.assign(weight=lambda r: r["density"] * r["members"]).sort_values("weight")
ring = rings.iloc[-1]
g = night.ring(ring["ring_id"])
assert isinstance(g, nx.Graph) and g.number_of_nodes() == ring["members"]
assert g.number_of_edges() == ring["edges"]
pd.DataFrame(
    [(a, b, dict(e)) for a, b, e in list(g.edges(data=True))[:10]],
    columns=["account", "account ", "evidence"],
)

# %%
night.ring_chart(ring["ring_id"])

# %% [markdown]
# ## What it did, and for whom
# Orders of the members, by operator. A ring is evidence of coordination. Who wanted it is another
# question: brushing can be hostile.

# %%
orders = night.snapshot["orders"]
of_members = orders.filter(orders.buyer_id.isin(list(g.nodes))).to_pandas()
table = of_members.groupby("operator_id").agg(
    orders=("order_id", "size"), buyers=("buyer_id", "nunique"), amount=("paid_amount", "sum")
)
tiers = night.tiers.set_index("operator_id")["tier"]
table.join(tiers).sort_values("buyers", ascending=False).head(10)

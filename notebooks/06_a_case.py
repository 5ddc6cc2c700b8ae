# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 6. A case: one inflated session and one ring, taken apart
#
# Ten minutes. We take the session that last night ranked first, check each reason against the raw rows, see which minutes
# stand out, and then take a ring of buyers in hand as a networkx graph. The lake is `STEELYARD_LAKE`, or the demo's.

# %%
import json
import os
from pathlib import Path

import altair as alt
import networkx as nx
import pandas as pd

from data_contracts.runs import published_runs, read_outbound
from features.engine.compute import compute
from features.engine.minute_arrays import minutes_frame
from features.engine.snapshot import Snapshot
from serving.nightly.pipeline import rings_of
from serving.report import charts
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
night

# %% [markdown]
# ## The session that the night ranked first

# %%
scores = read_outbound(lake, "scores")
sessions = scores[(scores["entity_kind"] == "session") & (scores["model"] != "deviance")]
sessions = sessions if len(sessions) else scores[scores["entity_kind"] == "session"]
case = sessions.sort_values("rank").iloc[0]
reasons = pd.DataFrame(json.loads(case["reasons"]))
print(
    case["entity_id"],
    "score",
    round(case["score"], 1),
    "model",
    case["model"],
    case["model_version"],
)
reasons[["signal", "value", "peers", "share", "en", "zh"]]

# %% [markdown]
# ## The reasons, checked by hand
# The published value must follow from the raw rows. We compute it again through a pandas frame: the same code, another door.

# %%
ids = [case["entity_id"]]
wanted = tables.scope(ids, "session")
frames = {
    n: tables[n].semi_join(wanted, "session_id").to_pandas()
    for n in ("sessions", "views", "interactions", "room_minutes")
}
frames["accounts"] = tables["accounts"].to_pandas()
from features.catalogue import BY_NAME

sources = {
    s: BY_NAME[s].source for s in reasons["signal"]
}  # below, those for which this session's rows are enough
local = [
    BY_NAME[s]
    for s, source in sources.items()
    if source is None or (source.local and not source.whole and not source.needs)
]
again = compute(frames, [s for s in local if set(s.reads) <= set(frames)], "session")
stored = read_outbound(lake, "signals").query("entity_id == @ids[0]").set_index("signal")["value"]
for name in again.columns:
    if (
        BY_NAME[name].source is not None
    ):  # LIVE signals also see boosts and raids, which this frame leaves out
        assert abs(again.at[ids[0], name] - stored[name]) < 1e-9, name
again.T.rename(columns={ids[0]: "computed again"}).join(stored.rename("published"))

# %% [markdown]
# ## Who came, and how long they stayed
# FLOCK's view: join time against stay. Honest audiences fill the triangle; blocks and stripes are made.

# %%
v = frames["views"].assign(
    joined=lambda d: (
        (d["joined_at"] - frames["sessions"]["started_at"].iloc[0]).dt.total_seconds() / 60
    ),
    stay=lambda d: (d["left_at"] - d["joined_at"]).dt.total_seconds() / 60,
)
alt.Chart(v.sample(min(len(v), 4000), random_state=1)[["joined", "stay", "asn_kind"]]).mark_circle(
    size=12, opacity=0.5
).encode(
    x=alt.X("joined:Q", title="joined, minutes after the start"),
    y=alt.Y("stay:Q", title="stay, minutes"),
    color="asn_kind:N",
).properties(width=560, height=260, title="Join time and stay, one dot a view")

# %% [markdown]
# ## Which minutes stand out

# %%
minutes = minutes_frame(tables, wanted)
windows = charts.suspicious_minutes(minutes)
windows

# %%
line = (
    alt.Chart(minutes.melt("minute", ["viewers", "joins", "likes", "orders"]))
    .mark_line(strokeWidth=1.1)
    .encode(x="minute:Q", y="value:Q", color="variable:N")
)
shade = alt.Chart(windows).mark_rect(opacity=0.2, color="#b3362b").encode(x="start:Q", x2="stop:Q")
(shade + line).properties(
    width=680,
    height=240,
    title="Counters by minute; red: five times the median without a granted cause",
)

# %% [markdown]
# ## What is held to be real

# %%
figures = read_outbound(lake, "corrected_figures")
figures[figures["entity_id"] == ids[0]][["measure", "counted", "estimate", "low", "high", "basis"]]

# %% [markdown]
# ## A ring in hand
# Components of accounts that are tied by what they did together, or by what they share. Each edge carries its evidence.

# %%
rings = rings_of(lake, night)
assert set(rings.rings["ring_id"]) == set(read_outbound(lake, "rings")["ring_id"])
rings.rings.sort_values("members", ascending=False).head(10)

# %%
first = (
    rings.rings.assign(weight=lambda r: r["density"] * r["members"]).sort_values("weight").iloc[-1]
)
g = rings.graph(first["ring_id"])
assert (
    isinstance(g, nx.Graph)
    and g.number_of_nodes() == first["members"]
    and g.number_of_edges() == first["edges"]
)
pd.DataFrame(
    [(a, b, dict(e)) for a, b, e in list(g.edges(data=True))[:10]],
    columns=["account", "account ", "evidence"],
)

# %%
from IPython.display import SVG

SVG(charts.ring_graph(g))

# %% [markdown]
# ## What it did, and for whom
# Orders of the members, by operator. A ring is evidence of coordination; who wanted it is another question: brushing can be hostile.

# %%
orders = tables["orders"]
theirs = orders.filter(orders.buyer_id.isin(list(g.nodes))).to_pandas()
table = theirs.groupby("operator_id").agg(
    orders=("order_id", "size"), buyers=("buyer_id", "nunique"), amount=("paid_amount", "sum")
)
tiers = read_outbound(lake, "tier_decisions").set_index("operator_id")["tier"]
table.join(tiers).sort_values("buyers", ascending=False).head(10)

# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3. Rings: who acts together, and is it more than chance?
#
# Ten minutes. People with the same taste meet; a pool of accounts meets too. We look for lockstep among visits and for dense
# blocks among purchases, throw the times to chance to see what chance gives, and end at the rings that the night published.

# %%
import os
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

from data_contracts.runs import published_runs, read_outbound
from features import DenseBlocks, Lockstep
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

# %% [markdown]
# ## Lockstep: joining the same sessions within a minute of each other, again and again
# `Lockstep` counts the sessions in which two accounts met, and what chance would give them: who watches what is kept, when is not.

# %%
views = tables["views"].filter(tables["views"].account_id.notnull())
actions = views.select(
    account="account_id", thing="session_id", at=views.joined_at.epoch_seconds()
).to_pandas()
found = Lockstep(window=60, least=3).fit(actions)
print(len(actions), "visits,", len(found.pairs_), "surprising pairs,", len(found.groups_), "groups")
pd.DataFrame(
    [
        {
            "members": len(g.members),
            "pairs": g.pairs,
            "meetings": g.meetings,
            "evidence (nats)": round(g.evidence),
        }
        for g in found.groups_
    ]
)

# %% [markdown]
# ## The same visits, with the times thrown to chance within each session
# What is left now is what chance alone brings. If it looked like the picture before, the groups would mean nothing.

# %%
rng = np.random.default_rng(7)
shuffled = actions.assign(
    at=actions.groupby("thing")["at"].transform(lambda s: rng.permutation(s.to_numpy()))
)
chance = Lockstep(window=60, least=2).fit(shuffled)
real = Lockstep(window=60, least=2).fit(actions)
both = pd.concat(
    [real.pairs_.assign(times="as they were"), chance.pairs_.assign(times="thrown to chance")]
)
print(
    len(real.pairs_),
    "pairs as they were,",
    len(chance.pairs_),
    "thrown to chance; groups:",
    len(real.groups_),
    "and",
    len(chance.groups_),
)
counted = both.groupby(["times", "things"]).size().rename("pairs").reset_index()
alt.Chart(counted).mark_bar().encode(
    x="things:O", y="pairs:Q", column="times:N", tooltip=["things", "pairs"]
)

# %% [markdown]
# ## Dense blocks: the same buyers at the same shops in the same minutes
# A column is a shop in two minutes. `lift` is how many times the edges that popularity explains, `fill` how full the block is.

# %%
orders = (
    tables["orders"]
    .select("buyer_id", "operator_id", at=tables["orders"].placed_at.epoch_seconds())
    .to_pandas()
)
edges = pd.DataFrame(
    {
        "buyer": orders["buyer_id"],
        "shop_minutes": orders["operator_id"] + "|" + (orders["at"] // 120).astype(str),
    }
)
edges = edges[edges.groupby("shop_minutes")["buyer"].transform("nunique") >= 2]
blocks = DenseBlocks(n_blocks=5).fit(edges).blocks_ if len(edges) else []
pd.DataFrame(
    [
        {
            "buyers": len(b.rows),
            "steps": len(b.columns),
            "edges": b.edges,
            "lift": b.lift,
            "fill": b.fill,
            "evidence": b.evidence,
            "by": b.found_by,
        }
        for b in blocks
    ]
)

# %% [markdown]
# ## The rings of the night
# Lockstep, blocks, payers and devices in few hands are merged; an address or a referrer alone ties nobody.

# %%
rings = rings_of(lake, night)
assert set(rings.rings["ring_id"]) == set(read_outbound(lake, "rings")["ring_id"])
alt.Chart(rings.rings).mark_circle(size=90).encode(
    x=alt.X("members:Q", scale=alt.Scale(type="log")),
    y="significance:Q",
    color="kind:N",
    tooltip=["ring_id", "members", "operators", "evidence"],
)

# %%
largest = rings.rings.sort_values("significance").iloc[-1]
graph = rings.graph(largest["ring_id"])
print(graph, "shops:", graph.graph["shops"])
charts.ring_graph(graph) if graph.number_of_nodes() <= 200 else None

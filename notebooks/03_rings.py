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
# Ten minutes. People of one taste meet, and so does a pool of accounts. We look for lockstep among
# visits and for dense blocks among purchases, shuffle the times to see what chance gives, and end
# at the rings that the night published.

# %%
import os

import altair as alt
import numpy as np
import pandas as pd

import steelyard
from steelyard.detectors import DenseBlocks, Lockstep

lake = steelyard.open_lake(os.environ.get("STEELYARD_LAKE", "../demo/lake"))
night = lake.night()
tables = night.snapshot
night.date

# %% [markdown]
# ## Lockstep: joining the same sessions within a minute, again and again
# `Lockstep` counts the sessions in which two accounts met, and how many meetings chance would give:
# who watches what is kept, the times are random.

# %%
views = tables["views"].filter(tables["views"].account_id.notnull())
actions = views.select(
    account="account_id", thing="session_id", at=views.joined_at.epoch_seconds()
).to_pandas()
found = Lockstep(window=60, least=3).fit(actions)
print(len(actions), "visits,", len(found.pairs_), "surprising pairs,", len(found.groups_), "groups")
pd.DataFrame(
    [{"members": len(g.members), "pairs": g.pairs, "meetings": g.meetings} for g in found.groups_]
)

# %% [markdown]
# ## The same visits with shuffled times
# Shuffling within each session leaves what chance brings. If it looked like the table above, the
# groups would mean nothing.

# %%
rng = np.random.default_rng(7)
shuffled = actions.assign(
    at=actions.groupby("thing")["at"].transform(lambda s: rng.permutation(s.to_numpy()))
)
chance = Lockstep(window=60, least=2).fit(shuffled)
real = Lockstep(window=60, least=2).fit(actions)
print("pairs:", len(real.pairs_), "as recorded,", len(chance.pairs_), "shuffled")
print("groups:", len(real.groups_), "as recorded,", len(chance.groups_), "shuffled")
both = pd.concat([real.pairs_.assign(times="as recorded"), chance.pairs_.assign(times="shuffled")])
counted = both.groupby(["times", "things"]).size().rename("pairs").reset_index()
alt.Chart(counted).mark_bar().encode(
    x=alt.X("things:O", title="sessions in common"),
    y="pairs:Q",
    column="times:N",
    tooltip=["things", "pairs"],
)

# %% [markdown]
# ## Dense blocks: the same buyers at the same shops in the same minutes
# A column is a shop in two minutes. `lift` is the number of edges over those that popularity
# explains,
# `fill` the share of possible edges that are there.

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
            "shop minutes": len(b.columns),
            "edges": b.edges,
            "lift": b.lift,
            "fill": b.fill,
        }
        for b in blocks
    ]
)

# %% [markdown]
# ## The rings of the night
# Lockstep, blocks, payers and devices in few hands are merged. An address or a referrer alone links
# no one.

# %%
rings = night.rings
alt.Chart(rings).mark_circle(size=90).encode(
    x=alt.X("members:Q", scale=alt.Scale(type="log")),
    y="significance:Q",
    color="kind:N",
    tooltip=["ring_id", "members", "operators", "evidence"],
)

# %%
largest = rings.sort_values("significance")["ring_id"].iloc[-1]
graph = night.ring(largest)
print(graph, "shops:", graph.graph["shops"])
night.ring_chart(largest)

# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1. The world: the tables, and how honest rooms look
#
# Ten minutes. We make a small platform, look at its tables, and see why a spike alone proves
# little: honest rooms have spikes too. Nothing here reads the planted truth.

# %%
import tempfile
from datetime import date
from pathlib import Path

import altair as alt
import pandas as pd

import steelyard
from simulation.world import WorldSpec, write_world

folder = Path(tempfile.mkdtemp())
spec = WorldSpec(seed=21, size="tiny", start=date(2026, 1, 5), days=8)
counts = write_world(folder / "lake", folder / "planted", spec)
counts

# %% [markdown]
# ## Tables as they were known at a moment
# A row is known when its `received_at` lies before the moment. A day earlier, less is known.
# The meaning of each column is in `docs/reference/contracts.md`.

# %%
lake = steelyard.open_lake(folder / "lake")
tables, earlier = lake.snapshot("2026-01-13"), lake.snapshot("2026-01-12")
known = pd.DataFrame(
    {
        "a day earlier": {n: earlier[n].count().to_pandas() for n in earlier},
        "now": {n: tables[n].count().to_pandas() for n in tables},
    }
)
assert (known["now"] >= known["a day earlier"]).all()
known

# %%
tables["views"].limit(5).to_pandas()

# %% [markdown]
# ## Audiences have a heavy tail
# Most rooms are small. A threshold on viewers would catch large rooms, not dishonest ones.

# %%
minutes = tables["room_minutes"].to_pandas()
size = minutes.groupby("session_id")["viewers"].agg(["mean", "max"]).rename(columns={"max": "peak"})
size = size[size["mean"] > 0]
alt.Chart(size.reset_index()).mark_circle(size=18, opacity=0.6).encode(
    x=alt.X("mean:Q", scale=alt.Scale(type="log"), title="average concurrent viewers"),
    y=alt.Y("peak:Q", scale=alt.Scale(type="log"), title="peak"),
).properties(width=420, height=260, title="Peak against average, one dot a session")

# %% [markdown]
# ## A spike with a cause
# The session with the largest boost. Paid traffic (green) explains the rise. LIVE signals leave
# such minutes out.

# %%
boosts = tables["boosts"].to_pandas()
sessions = tables["sessions"].to_pandas().set_index("session_id")
boosts["length"] = boosts["ends_at"] - boosts["starts_at"]
boost = boosts[boosts["session_id"].isin(size.index)].sort_values("length").iloc[-1]
start = sessions.at[boost["session_id"], "started_at"]
span = pd.DataFrame(
    {
        "first": [(boost["starts_at"] - start).total_seconds() / 60],
        "last": [(boost["ends_at"] - start).total_seconds() / 60],
    }
)
one = minutes[minutes["session_id"] == boost["session_id"]]
line = alt.Chart(one).mark_line(strokeWidth=1.2).encode(x="minute:Q", y="viewers:Q")
shade = alt.Chart(span).mark_rect(color="#2f7d6b", opacity=0.25).encode(x="first:Q", x2="last:Q")
(shade + line).properties(width=640, height=180, title="Viewers by minute; green: paid traffic")

# %% [markdown]
# ## Verdicts come late and are few
# `outcomes` are the only labels that a model may see. A patrol looks at suspicious entities; only
# `random_audit` is a fair sample.

# %%
outcomes = tables["outcomes"].to_pandas()
late = outcomes[outcomes["entity_kind"] == "session"].assign(
    days=lambda d: (
        (d["decided_at"] - d["entity_id"].map(sessions["ended_at"])).dt.total_seconds() / 86400
    )
)
assert (late["days"].dropna() > 0).all()
outcomes.groupby(["entity_kind", "source", "verdict"]).size().rename("verdicts").reset_index()

# %% [markdown]
# ## Where to go from here
# `steelyard train` learns from these verdicts, `steelyard nightly` scores a day. Notebook 06 takes
# one case apart.

# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1. The world: what comes in, and what honest rooms look like
#
# Ten minutes. We make a small platform, look at its tables, and see why a spike alone says little:
# honest rooms have spikes too. Nothing here reads the planted truth.

# %%
import tempfile
from datetime import date, datetime
from pathlib import Path

import altair as alt
import pandas as pd

from data_contracts.contract import contract
from features.engine.minute_arrays import minutes_frame
from features.engine.snapshot import Snapshot
from simulation.world import WorldSpec, write_world

folder = Path(tempfile.mkdtemp())
lake = folder / "lake"
counts = write_world(lake, folder / "planted", WorldSpec(21, "tiny", date(2026, 1, 5), days=8))
counts

# %% [markdown]
# ## Every column has a contract
# Type, unit, and what null means. `received_at` decides what a night may know.

# %%
views = contract("views")
pd.DataFrame(
    [
        (c.name, c.type, c.unit, c.null_means, c.time_role or "", c.description)
        for c in views.columns
    ],
    columns=["column", "type", "unit", "null", "part in time", "meaning"],
)

# %% [markdown]
# ## Tables as they were known at a moment
# The engine is the only place that cuts by time. A day earlier, less is known.

# %%
tables = Snapshot.open(lake, datetime(2026, 1, 13))
earlier = Snapshot.open(lake, datetime(2026, 1, 12))
known = pd.DataFrame(
    {
        "a day earlier": {n: earlier[n].count().to_pandas() for n in earlier},
        "now": {n: t.count().to_pandas() for n, t in tables.items()},
    }
)
assert (known["now"] >= known["a day earlier"]).all()
known

# %% [markdown]
# ## Audiences have a heavy tail
# Most rooms are small. A threshold in viewers would catch the large, not the guilty.

# %%
minutes = minutes_frame(tables, None)
size = minutes.groupby("session_id")["viewers"].agg(["mean", "max"]).rename(columns={"max": "peak"})
size = size[size["mean"] > 0]
alt.Chart(size.reset_index()).mark_circle(size=18, opacity=0.6).encode(
    x=alt.X("mean:Q", scale=alt.Scale(type="log"), title="average concurrent viewers"),
    y=alt.Y("peak:Q", scale=alt.Scale(type="log"), title="peak"),
).properties(width=420, height=260, title="Peak against average, one dot a session")

# %% [markdown]
# ## A spike with a cause
# The session with most granted minutes: the boost or raid (green) explains the rise. The LIVE signals leave such minutes out.

# %%
granted = minutes.groupby("session_id")["granted"].sum()
one = minutes[minutes["session_id"] == granted.idxmax()]
line = alt.Chart(one).mark_line(strokeWidth=1.2).encode(x="minute:Q", y="viewers:Q")
shade = (
    alt.Chart(one[one["granted"] > 0]).mark_rule(color="#2f7d6b", opacity=0.25).encode(x="minute:Q")
)
(shade + line).properties(
    width=640, height=180, title="Viewers by minute; green: a boost or raid was granted"
)

# %% [markdown]
# ## People's verdicts come late and are few
# `outcomes` are the only labels that a model may see. A patrol looks at what is suspicious; only `random_audit` is a fair sample.

# %%
outcomes = tables["outcomes"].to_pandas()
sessions = tables["sessions"].to_pandas().set_index("session_id")["ended_at"]
late = outcomes[outcomes["entity_kind"] == "session"].assign(
    days=lambda d: (d["decided_at"] - d["entity_id"].map(sessions)).dt.total_seconds() / 86400
)
assert (late["days"].dropna() > 0).all()
outcomes.groupby(["entity_kind", "source", "verdict"]).size().rename("verdicts").reset_index()

# %% [markdown]
# ## Where to go from here
# `steelyard train` learns from these verdicts, `steelyard nightly` scores a day; notebook 06 takes one case apart.

"""Acts of honest viewers: few people act much, in moods of their own."""

from __future__ import annotations

import numpy as np

from simulation.families.watched_rooms.settings import KINDS, Rooms

ACTS_PER_JOIN = {"comment": 0.5, "like": 0.8, "follow": 0.03, "share": 0.05}


def act(rooms: Rooms) -> None:
    """Add the acts of each window, of the kinds that are collected."""
    r, joins = rooms.r, rooms.joins.joined()
    by_window = joins.groupby("window").indices
    account, at = joins["account"].to_numpy(), joins["at"].to_numpy()
    for name in rooms.p.kinds:
        acts_per_join = ACTS_PER_JOIN[name] * np.exp(r.normal(0, 0.7, rooms.p.rooms))
        for window, rows in by_window.items():
            mean = acts_per_join[rooms.room[window]] * len(rows) * np.exp(r.normal(0, 0.5))
            many = int(r.poisson(min(mean, 4000.0)))
            if not many:
                continue
            keen = np.minimum(r.zipf(1.7, many) - 1, len(rows) - 1)
            who = rows[r.permutation(len(rows))[keen]]
            end = rooms.start[window] + rooms.length
            moment = at[who] + r.random(many) * (end - at[who])
            if name in ("follow", "share"):
                who, first = np.unique(who, return_index=True)
                moment = moment[first]
            rooms.acts.add(
                len(who),
                window=window,
                account=account[who],
                at=moment,
                kind=KINDS.index(name),
                count=np.minimum(r.geometric(0.15, len(who)), 90) if name == "like" else 1,
            )

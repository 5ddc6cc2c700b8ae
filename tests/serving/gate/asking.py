"""How the tests of the gate ask it, and about whom."""

from __future__ import annotations

from datetime import timedelta

from serving.gate.night_cache import read_published_night
from serving.scoring.scope import moment_of
from tests.conftest import NIGHT

NOW = moment_of(NIGHT) + timedelta(hours=6)


def ask(client, **body):
    return client.post("/v1/boost-check", json={"requestId": "q1", "operatorId": "nobody"} | body)


def minutes(n=30, **more):
    return [
        {
            "minute": i,
            "viewers": 20.0 + i % 3,
            "joins": 4.0,
            "leaves": 3.0,
            "comments": 2.0,
            "likes": 1.0,
            "likers": 1.0,
            **more,
        }
        for i in range(n)
    ]


def ordinary(lake, tiers):
    """An operator of tier A with history and no session of the night that stands out."""
    night = read_published_night(lake).operators
    calm = [
        o
        for o in tiers.index[(tiers["tier"] == "A") & ~tiers["cold_start"]]
        if night[o].worst_session is None or night[o].worst_session.probability < 0.3
    ]
    return calm[0]

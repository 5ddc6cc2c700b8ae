"""A platform of which only public counters by minute are collected.

An outside collector polls rooms. It delivers `sessions`, `room_minutes` and `operators`, and by
seed `boosts` and `outcomes`. There is no view, no account and no order row.

The world is a stock and flow by minute. Arrivals follow the hour, the selling cycle, gusts and
the room's heat. Three kinds of stay leave by their own hazards. Acts burst with the mood of the
room and are not proportional to viewers. The author had the contracts and the domain page at
hand, and no detector.

Honest causes of jumps: boost (paid traffic in paced steps), coupon and lottery (people wait and
leave together), pk_contest (five minutes of likes), celebrity_visit (a plateau that drops),
outage_and_return, feed_push, fan_club (arrives in minutes, stays to the end), presale_opening,
raid (another room's viewers at once), quiet_room (viewers without acts), like_club (likes from
few viewers), stream_of_days, test_stream (a minute or two).

Schemes: step_plateau (idle bots), slow_ramp, rotating_pool (fixed stay and cool-down),
flash_views (joins without viewers), paid_hours (blocks that leave together), viewer_floor (bots
fill up to a figure), hired_crowd (people with a task), padded_counter (each join multiplied),
scripted_likes, follow_bursts, scripted_comments, slot_orders (orders in a paid slot), and
hostile_flood (a rival floods a victim's room).

Realistic: heavy tails of audience, habits as random effects, polls at another rhythm, rounding
above ten thousand, stale reads, gaps, restarted counters, null columns, late and wrong verdicts.
Not realistic: no drift of tastes, no holidays, no goods; a room's viewers do not move to others
except by raids; correction of counters by the platform is not modelled.

Truth counts over the minutes delivered: views are joins, summed even where joins are not
published. Counts lost in a gap or at a restart count neither as false nor in totals. Follows
that are negative over a session count as none.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from data_contracts.lake import Lake
from simulation.families.counters_only import truth as tables
from simulation.families.counters_only.causes import compose_causes
from simulation.families.counters_only.delivery import deliver_minutes, stamps, text
from simulation.families.counters_only.forger import Forger
from simulation.families.counters_only.fraud import cast_operators, commit, draw_verdicts
from simulation.families.counters_only.minutes import (
    Flow,
    arrival_rate,
    excitement,
    flow_of,
    honest_acts,
)
from simulation.families.counters_only.world import (
    as_record,
    draw_operators,
    draw_parameters,
    draw_sessions,
)

SALT = 35_100


def write(lake: Path, truth: Path, seed: int) -> None:
    """Write one platform of the family: the lake and its truth.

    Parameters
    ----------
    lake, truth
        Folders, which may not exist yet.
    seed
        Same seed, same bytes.
    """
    rng = np.random.default_rng([seed, SALT])
    world = draw_parameters(seed, rng)
    operators = draw_operators(world, rng)
    sessions = draw_sessions(world, operators, rng)
    casting = cast_operators(world, rng)
    causes = compose_causes(world, operators, sessions, rng)
    mood = excitement(sessions, rng)
    rate = arrival_rate(sessions, causes, mood)

    def flow(bots: np.ndarray) -> Flow:
        """Honest flow beside false viewers; both runs begin with the same random numbers."""
        again = np.random.default_rng([seed, SALT, 1])
        return flow_of(world, operators, sessions, causes=causes, rate=rate, bots=bots, rng=again)

    plain = flow(np.zeros(len(sessions.of)))
    acts = honest_acts(operators, sessions, causes, flow=plain, mood=mood, rng=rng)
    forger = Forger(world, sessions, honest=plain, acts=acts, rng=rng)
    commit(casting, forger)
    false = forger.false
    bots = false.viewers(sessions)
    real = flow(bots)
    acts = honest_acts(operators, sessions, causes, flow=real, mood=mood, rng=rng)
    minutes, counts = deliver_minutes(
        world,
        sessions,
        honest=(real, acts),
        false=(Flow(false.joins, false.leaves, bots), false.acts),
        rng=rng,
    )
    known = tables.true_sessions(sessions, counts, false.schemes)
    verdicts = draw_verdicts(
        world, sessions, known, tagged={session for session, _ in causes.tags}, rng=rng
    )

    place = Lake(lake)
    lake.mkdir(parents=True, exist_ok=True)
    tables.write_population(place, world, operators, sessions, rng)
    if world.boosts_delivered:
        tables.write_boosts(place, sessions, causes)
    tables.write_outcomes(place, world, verdicts)
    minutes.insert(0, "session_id", text("session", minutes.pop("of").to_numpy()))
    minutes["received_at"] = stamps(minutes.pop("received").to_numpy())
    place.write_by_day("room_minutes", minutes)

    truth.mkdir(parents=True, exist_ok=True)
    tables.session_table(known).to_parquet(truth / "sessions.parquet", index=False)
    operators_known = tables.operator_table(world, sessions, known, casting)
    operators_known.to_parquet(truth / "operators.parquet", index=False)
    lookalikes = tables.lookalike_table(sessions, causes)
    lookalikes.to_parquet(truth / "lookalikes.parquet", index=False)
    (truth / "world.json").write_text(json.dumps(as_record(world), indent=1) + "\n")

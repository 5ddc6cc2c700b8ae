"""Bazaar: a platform of county markets and farmers, written by others from the contracts.

Farmers and county shops stream in the evening, mostly to followers and to the nearby feed. Its
author had the contracts and the domain page at hand and no detector. Mechanism and random draws
are those of the author's script; the truth is brought into the common form.

Realistic: heavy-tailed audiences and sales, habits of each operator as random effects on all
rates, weekdays and hours, parameters drawn per seed, real people hired for fraud, and verdicts
that are late, selective and sometimes wrong. Not realistic: no weather, no holidays and no
recommender that reacts to figures. Tastes do not drift, texts are hashes of an invented
vocabulary, and the rates are plausible guesses that were fitted to no data.

Schemes of views and engagement

- exchange_pods: helpers of hosts visit each other's rooms, like, follow and go.
- hangup: people hang in many rooms in the background for pennies.
- phone_farm: racks of phones behind rotating addresses, with stays of honest viewers.
- pk_bots: bots that come only for the five minutes of a battle.
- boost_bots: bots under a boost that the platform granted.
- bought_followers: followers delivered in a night, who leave over two weeks.
- trickled_likes: a few helpers like on and on.
- template_comments: helpers paste from a seller's list.

Schemes of orders, and attacks

- village_paid: neighbours are paid per parcel, with real addresses and weights.
- late_deposits: deposits that are paid back days later.
- station_scans: one courier station sells waybills.
- kin_orders: relatives order again and again.
- drip: two to six false orders in every session.
- hostile_brushing: a rival orders, sends back and gives one star.
- hostile_bots: a rival floods the room with cheap bots.

Honest look-alikes: battles, raids, lucky bags, granted boosts, goods sold out in minutes, village
groups with one payer, fan clubs that copy slogans, relatives who watch daily, shared courier
stations, presales, parcels refused at the door, small new operators and virtual hosts.
"""

from __future__ import annotations

from pathlib import Path

from simulation.families.bazaar.life.trade import (
    add_honest_interactions,
    add_honest_orders,
    add_village_groups,
    count_honest,
)
from simulation.families.bazaar.life.views import (
    add_bags_and_boosts,
    add_battles,
    add_crowd,
    add_raids,
    add_regulars,
)
from simulation.families.bazaar.population import draw_accounts, draw_operators, draw_sessions
from simulation.families.bazaar.schemes.plan import plan_fraud
from simulation.families.bazaar.tables.lake import write_lake
from simulation.families.bazaar.world import World

ACCOUNTS = 24_000


def write(lake: Path, truth: Path, seed: int) -> None:
    """Write a lake of county markets and its truth; the same seed gives the same bytes."""
    world = World(seed)
    draw_accounts(world, ACCOUNTS)
    draw_operators(world)
    draw_sessions(world)
    for add in (
        add_crowd,
        add_regulars,
        add_battles,
        add_bags_and_boosts,
        add_raids,
        add_honest_interactions,
        add_honest_orders,
        add_village_groups,
        count_honest,
        plan_fraud,
    ):
        add(world)
    write_lake(world, lake, truth)

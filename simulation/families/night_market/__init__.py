"""Night market: a harbour town whose people stroll from stall to stall of an evening.

The author had the contracts and the domain page at hand and no detector. Traffic is made person
by person: in slots of five minutes each walker stops at a favourite stall, or where fame and the
present crowd draw it. Lots are called out at moments, and those present clap, copy bids and buy
at the hammer. Two families share the town: `honest_town`, where nobody cheats, and
`half_rotten`, where half of the operators cheat by all schemes, most by several.

Realistic: crowds that draw crowds, heavy tails, spells of weather and of good nights, habits of
each operator as random effects on all rates, shared networks, phones, purses and addresses,
clocks of a millisecond to a minute, missing tables and columns, and verdicts that are late,
selective and sometimes wrong. Not realistic: no recommender that learns, no holidays, no prices
that answer demand, bots that leave honest rooms alone, texts that are numbers, and rates that
are guesses within the published ranges.

Schemes of views: idle_bots sit through the evening; glance_bots stay seconds; paid_strollers are
people paid by the minute who tour all who pay; hijacked_viewers are accounts taken from their
owners; rejoining_bots leave and join again; boost_riders hide under granted boosts; drip_views
never exceed a fifth of the honest views.

Schemes of engagement: clap_machines clap on and on, or at the host's calls; hired_claque praises
from a list; follow_packs follow and leave within days; guild_visits are employees of befriended
stalls who visit each other.

Schemes of orders: shill_bids are not paid or paid back; empty_boxes come from a shop of waybills;
round_trips ship real goods that come back; staff_orders are placed by employees; brusher_rounds
send members of a platform round the stalls; drip_orders are one to five a session.

Attacks: hostile_orders buy, send back and give one star; hostile_flood brings cheap bots.

Honest look-alikes: fan clubs that come at the drum and copy lines, bids that everybody copies,
claps at the host's call, households with one purse or tablet, group buyers, resellers with vans,
test streams of seconds, camera streams of days, sleepers who leave a stream on, weak signals that
join again, raids, coupon bursts, celebrity visits, granted boosts, ferries, campuses, offices and
carriers behind one prefix, pick-up stations, shared depots, scooters that deliver in an hour,
presales, categories with many returns, gifts of a few grams, virtual hosts, new small operators
and employees who watch every evening.
"""

from __future__ import annotations

from pathlib import Path

from simulation.families.night_market.life.applause import add_applause, draw_lots
from simulation.families.night_market.life.gatherings import (
    add_boosts_and_guests,
    add_choirs,
    add_lanterns,
    add_raids,
    add_sleepers,
    add_staff,
)
from simulation.families.night_market.life.strolls import add_strolls
from simulation.families.night_market.life.trade import (
    add_group_buyers,
    add_resellers,
    add_trade,
)
from simulation.families.night_market.schemes.plan import plan_fraud
from simulation.families.night_market.stalls import draw_sessions, draw_stalls
from simulation.families.night_market.tables.lake import write_lake
from simulation.families.night_market.town import Town

ROTTEN_SHARE = 0.5
STEPS = (
    draw_stalls,
    draw_sessions,
    add_strolls,
    add_choirs,
    add_staff,
    add_sleepers,
    add_boosts_and_guests,
    add_lanterns,
    add_raids,
    draw_lots,
    add_applause,
    add_trade,
    add_group_buyers,
    add_resellers,
    plan_fraud,
)


def write_honest_town(lake: Path, truth: Path, seed: int) -> None:
    """Write a town in which nobody cheats and every honest look-alike lives."""
    _write(lake, truth, seed, 0.0)


def write_half_rotten(lake: Path, truth: Path, seed: int) -> None:
    """Write a town in which half of the operators cheat."""
    _write(lake, truth, seed, ROTTEN_SHARE)


def _write(lake: Path, truth: Path, seed: int, cheating_share: float) -> None:
    town = Town(seed, cheating_share)
    for step in STEPS:
        step(town)
    write_lake(town, lake, truth)

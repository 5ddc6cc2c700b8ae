"""A mass platform whose recommender tests each room on strangers, then widens or cuts.

In each round the recommender shows a room to a batch of strangers. How they react moves the size
of the next batch, so honest audiences jump in steps of the recommender. Most views are swiped
away in seconds, accounts meet many rooms, and rooms know few of their viewers. The author had the
contracts and the domain page at hand, and no detector.

Schemes. In the feed's rounds (their reactions count, so they cause honest views):
seeded_reactions (task workers watch, like and follow), emulator_farm (emulators swipe until the
room is served, and visit others as camouflage), hijacked_apps (real phones in the background),
swipe_padding (calls of a second), dwell_bots (idle for whole rounds), rejoining_pool (few
accounts, each round again). Engagement: like_script, follow_packs (half leave within days),
comment_templates. Orders: conversion_seeding (empty parcels, gifts or real goods in the first
rounds), slow_drip (few orders with real goods), employee_orders, slot_refunds. By rivals:
hostile_swipes (cuts the victim's reach) and hostile_orders. Care mixes in aged accounts, proxies,
the session's own sources and spread moments.

Look-alikes: feed_widening, raid, boost, fan_club (copies a slogan), chat_custom (everybody copies
one text), campus (one network), idle_viewers, coupon_hunt (the same people run from room to
room, follow and unfollow), family_and_staff_watch, group_buying (one payer), reseller, presale,
pickup_station, high_return_category, test_stream, stream_of_days.

Realistic: feedback from reactions to reach, heavy tails, random effects on every rate, shared
phones and networks, late rows, absent tables and columns, coarse clocks, late and wrong verdicts.
Not realistic: rooms do not compete for one audience, except for a cap on all views; tastes and
prices do not drift; there are no complaints or notices; views by camouflage are few.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_contracts.lake import Lake
from simulation.families.mass_feed import delivery as tables
from simulation.families.mass_feed import fulfilment, trade
from simulation.families.mass_feed.crowd import Crowd, visit_rooms
from simulation.families.mass_feed.feed import run_feed
from simulation.families.mass_feed.fraud.brushing import brush
from simulation.families.mass_feed.fraud.plan import plan_fraud, purchases
from simulation.families.mass_feed.fraud.schemes import Forger, carry_out
from simulation.families.mass_feed.fraud.sellers import Sellers
from simulation.families.mass_feed.people import draw_people
from simulation.families.mass_feed.rows import Events
from simulation.families.mass_feed.truth import (
    Delivered,
    operator_table,
    session_table,
    write_outcomes,
    write_truth,
)
from simulation.families.mass_feed.world import (
    draw_operators,
    draw_parameters,
    draw_sessions,
)

SALT = 35_200


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
    people = draw_people(world, rng)
    operators = draw_operators(world, rng)
    sessions = draw_sessions(world, operators, rng)
    plan = plan_fraud(world, sessions, rng)
    events = Events()
    bought = purchases(plan, sessions, rng)
    served = run_feed(
        world, people, operators, sessions=sessions, bought=bought, events=events, rng=rng
    )
    crowd = Crowd(world, people, operators, sessions, events, rng)
    visit_rooms(crowd)
    honest = events.views.frame()
    trade.act_in_rooms(crowd, honest)
    trade.buy_in_rooms(crowd, honest)
    sellers = Sellers(crowd)
    carry_out(plan, Forger(crowd, served, sellers))
    brush(plan, crowd, sellers)

    lake.mkdir(parents=True, exist_ok=True)
    delivery = tables.Delivery(Lake(lake), world, rng)
    rows = Delivered(
        tables.complete_views(delivery, events.views.frame(), sessions, people),
        tables.complete_acts(delivery, events.acts.frame(), sessions),
        fulfilment.complete_orders(
            delivery,
            events.orders.frame(),
            operators=operators,
            people=people,
        ),
    )
    tables.write_rooms(delivery, operators, sessions, people)
    tables.write_views(delivery, rows.views)
    tables.write_acts(delivery, rows.acts)
    tables.write_links_and_boosts(delivery, events.links.frame(), events.boosts.frame())
    fulfilment.write_orders(delivery, rows.orders, sessions)
    by_session = session_table(sessions, rows)
    by_operator = operator_table(world, sessions, rows, plan)
    write_outcomes(delivery, sessions, rows, by_session)
    write_truth(
        truth,
        world=world,
        tables=(by_session, by_operator),
        rows=rows,
        people=people,
        tags=events.tags,
    )

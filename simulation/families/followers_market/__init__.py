"""A market of followers: hosts sell to people who come back every day by notice and shared link.

Its author had the contracts and the domain page at hand and no detector.

Realistic: an audience is a community whose members decide for each session whether they come, by
loyalty, hour and the host's mood of the week; chat groups come within a minute of a posted link;
stays are broken by calls and come together again; goods are sold in slots to who is present;
communities are heavy-tailed and local; households share doors, cards and phones; offices and
carriers share networks; streams of seconds and of days; outages; clocks of a minute; absent
tables and columns.

Not realistic: no recommender that reacts to figures, loyalty does not drift, texts have no words,
staff of one host do not work for another, rates are plausible guesses.

Schemes: `crowd` (paid people on their own phones, in waves), `hijacked` (an app on real phones
opens streams), `idle_bot` (cloud phones that come again), `pool` (rented accounts in turns, device
pairs reshuffled, along the room's own curve), `bought_followers`, `follow_ring` (follow, look,
unfollow in days), `like_script` (constant pace, by staff or a vendor), `comment_script` (a list of
lines), `ring` (a chat group of brushers with real goods who look before they order), `slow_drip`,
`insider` (employees' orders), `empty_parcel`, `instant_refund`, `hostile_brushing` and
`hostile_rating` (by a rival; the victim is honest). A hired buyer's look is not a false view.

Look-alikes: fan clubs that arrive together and call slogans, chat customs that a room copies
within seconds, group buying through a leader, family payers, resellers, gifts for a cent to fans,
staff who watch and buy, tapping fans, lucky bags, raids, paid traffic, outages with everybody's
return, test streams, streams of days, high returns of clothing and jade.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from simulation.families.followers_market.attendance import attend_all
from simulation.families.followers_market.audience_schemes import inflate
from simulation.families.followers_market.engagement import engage
from simulation.families.followers_market.fulfilment import fulfil
from simulation.families.followers_market.market import open_market
from simulation.families.followers_market.order_schemes import attack, brush
from simulation.families.followers_market.parameters import HOUR
from simulation.families.followers_market.tables import LakeWriter
from simulation.families.followers_market.trade import sell_outside_sessions, trade
from simulation.families.followers_market.truth_tables import count_truth, judge, write_truths

MARATHON_SECONDS = 20 * HOUR


def write(lake: Path, truth: Path, seed: int) -> None:
    """Write the lake of a seed and its truth.

    Parameters
    ----------
    lake
        Folder of the lake; one Parquet file a table.
    truth
        Folder of the truth.
    seed
        The same seed gives the same bytes.
    """
    lake.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True, exist_ok=True)
    market = open_market(seed)
    s = market.sessions
    for test in np.flatnonzero(s.test):
        market.tags.append((int(s.host[test]), int(test), "test_stream"))
    for marathon in np.flatnonzero(s.end - s.start > MARATHON_SECONDS):
        market.tags.append((int(s.host[marathon]), int(marathon), "stream_of_days"))
    visits = attend_all(market)
    for session, stays in enumerate(visits):
        market.watch(session, stays)
        engage(market, session, stays)
        trade(market, session, stays)
    sell_outside_sessions(market)
    inflate(market, visits)
    brush(market)
    attack(market)
    writer = LakeWriter(market, fulfil(market), lake)
    writer.rooms()
    writer.events()
    orders = writer.trade()
    writer.registries()
    true = count_truth(market, writer, orders)
    writer.verdicts(judge(market, true))
    write_truths(market, writer, true, truth)

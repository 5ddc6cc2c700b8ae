"""Honest sessions and their audiences, with the honest bursts that look like fraud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.identifiers import HOUR, MINUTE
from simulation.population import Accounts, Operators
from simulation.records import Acts, Sessions, Views

SEGMENTS = 16
PHRASES, COMMON = (
    20_000,
    0.12,
)  # texts that are used in all rooms, and the share of comments that are one of them
LENGTH_AT = np.array([0.0, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99, 1.0])
LENGTH_MIN = np.array([10, 15, 105, 185, 291, 527, 797, 900.0])


@dataclass(frozen=True)
class Causes:
    """Honest causes of a spike in a session, delivered as `boosts` and `room_links`."""

    boost_session: np.ndarray
    boost_start: np.ndarray
    boost_end: np.ndarray
    boost_views: np.ndarray
    raid_from: np.ndarray
    raid_to: np.ndarray
    raid_at: np.ndarray
    raid_views: np.ndarray


def sessions_of_day(
    rng: np.random.Generator, ops: Operators, day: float, first_index: int
) -> Sessions:
    """Sessions that start on a day; an operator not yet registered does not stream."""
    live = (rng.random(len(ops)) < ops.rate) & (ops.registered < day)
    operator = np.flatnonzero(live)
    n = len(operator)
    start = day + np.clip(rng.normal(ops.hour[operator], 1.2), 0, 23.8) * HOUR
    length = np.exp(np.interp(rng.random(n), LENGTH_AT, np.log(LENGTH_MIN))) * MINUTE
    viewers = np.exp(ops.log_viewers[operator] + rng.normal(0, 0.32, n))
    big = ops.lookalike["celebrity_visits"][operator] & (rng.random(n) < 0.25)
    viewers[big] *= rng.uniform(2, 6, big.sum())
    dwell = np.exp(ops.log_dwell[operator] + rng.normal(0, 0.25, n)) * MINUTE
    return Sessions(
        first_index + np.arange(n),
        operator,
        np.floor(start),
        np.floor(start + length),
        viewers,
        np.minimum(dwell, 0.8 * length),
        np.arange(n),
    )


def profile(rng: np.random.Generator, n: int) -> np.ndarray:
    """Cumulative arrival profile of each session over equal segments, shape (n, SEGMENTS + 1)."""
    walk = np.cumsum(rng.normal(0, 0.16, (n, SEGMENTS)), axis=1)
    weight = np.exp(walk)
    weight[:, 0] *= 1.7
    cumulative = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
    return np.concatenate([np.zeros((n, 1)), cumulative], axis=1)


def arrivals(
    rng: np.random.Generator, s: Sessions, row: np.ndarray, profiles: np.ndarray
) -> np.ndarray:
    """Arrival time of one view for each entry of `row` (an index into the day's sessions)."""
    flat = (profiles[:, 1:] + np.arange(len(profiles))[:, None]).ravel()
    place = np.minimum(
        np.searchsorted(flat, row + rng.random(len(row)), side="right"), len(flat) - 1
    )
    inside = (place - row * SEGMENTS).clip(0, SEGMENTS - 1) + rng.random(len(row))
    return s.start[row] + inside / SEGMENTS * (s.end - s.start)[row]


def stays(rng: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    """Stay in seconds: four in ten leave within a minute or so, the rest have a heavy tail."""
    n = len(mean)
    short = rng.random(n) < 0.42
    long = rng.lognormal(0.0, 1.0, n) * mean * 1.15
    return np.where(short, rng.exponential(40.0, n) + 1.0, long + 5.0)


def pick_accounts(
    rng: np.random.Generator, a: Accounts, ops: Operators, operator: np.ndarray
) -> np.ndarray:
    """Account for each honest view: the operator's fans, its campus, or those interested in its category."""
    n = len(operator)
    category = ops.category[operator]
    out = np.empty(n, dtype=np.int64)
    u = rng.random(n)
    for c, pool in enumerate(a.by_interest):
        mine = category == c
        out[mine] = pool[(u[mine] ** 1.4 * len(pool)).astype(np.int64)]
    roam = rng.random(n) < 0.25
    out[roam] = a.living[rng.integers(0, len(a.living), roam.sum())]
    fan = rng.random(n) < 0.35
    fans = np.maximum(20, np.exp(ops.log_viewers[operator[fan]]) * 3).astype(np.int64)
    out[fan] = (
        operator[fan] * 7919 + (rng.random(fan.sum()) ** 1.3 * fans).astype(np.int64)
    ) % a.honest
    for name, members in (
        ("campus_audience", np.flatnonzero(a.campus)),
        ("pickup_station_buyers", np.flatnonzero(a.station)),
    ):
        if len(members):
            theirs = ops.lookalike[name][operator] & (rng.random(n) < 0.5)
            out[theirs] = members[rng.integers(0, len(members), theirs.sum())]
    return out


def dressed(
    rng: np.random.Generator,
    a: Accounts,
    session: np.ndarray,
    account: np.ndarray,
    joined: np.ndarray,
    left: np.ndarray,
    source: np.ndarray,
    scheme: int = 0,
) -> Views:
    """Views by real people on their own devices and networks."""
    n = len(account)
    away = rng.random(n) < 0.22  # a phone away from home, behind its carrier's NAT
    ip = np.where(
        away, 100_000_000 + a.region[account] * 1000 + rng.integers(0, 60, n), a.ip[account]
    )
    asn = np.where(away, 0, a.asn[account])
    moved = rng.random(n) < 0.04
    region = np.where(moved, rng.integers(0, 30, n), a.region[account])
    version = rng.choice(6, size=n, p=[0.01, 0.03, 0.06, 0.15, 0.30, 0.45])
    return Views(
        session,
        account,
        a.device[account],
        joined,
        left,
        source,
        version,
        ip,
        asn,
        region,
        np.full(n, scheme, dtype=np.int64),
    )


def audience(
    rng: np.random.Generator, a: Accounts, ops: Operators, s: Sessions, profiles: np.ndarray
) -> tuple[Views, Causes, np.ndarray]:
    """Honest views of a day's sessions, their honest causes, and the time of each session's lucky bag (NaN: none)."""
    n = len(s)
    length = s.end - s.start
    mean_stay = np.minimum(s.dwell * 1.1, 0.6 * length) + 20
    count = rng.poisson(np.minimum(s.viewers * length / mean_stay, 60_000)) + 1
    row = np.repeat(np.arange(n), count)
    joined = arrivals(rng, s, row, profiles)
    source = rng.choice([0, 1, 2, 3, 6, 7], size=len(row), p=[0.55, 0.2, 0.08, 0.05, 0.02, 0.10])
    stay = stays(rng, s.dwell[row])

    coupon = ops.lookalike["coupon_bursts"][s.operator] & (rng.random(n) < 0.6)
    bag = np.where(coupon, s.start + length * rng.uniform(0.2, 0.9, n), np.nan)
    hit = coupon[row] & (rng.random(len(row)) < 0.25)
    joined[hit] = np.minimum(bag[row[hit]] - rng.exponential(90.0, hit.sum()), s.end[row[hit]] - 5)
    joined = np.maximum(joined, s.start[row])
    source[hit] = 6

    boosted = rng.random(n) < np.where(ops.lookalike["ad_spikes"][s.operator], 0.6, 0.06)
    boost_row = np.flatnonzero(boosted)
    boost_start = s.start[boost_row] + length[boost_row] * rng.uniform(0.1, 0.7, len(boost_row))
    boost_end = np.minimum(
        boost_start + rng.uniform(10, 60, len(boost_row)) * MINUTE, s.end[boost_row]
    )
    boost_views = (count[boost_row] * rng.uniform(0.2, 1.0, len(boost_row))).astype(np.int64) + 5

    raided = (rng.random(n) < np.where(ops.lookalike["raid_target"][s.operator], 0.5, 0.02)) & (
        n > 3
    )
    raid_row = np.flatnonzero(raided)
    raid_at = s.start[raid_row] + length[raid_row] * rng.uniform(0.1, 0.8, len(raid_row))
    raid_views = (count[raid_row] * rng.uniform(0.2, 0.9, len(raid_row))).astype(np.int64) + 8
    sender = rng.integers(0, max(n, 1), len(raid_row))

    ad, rd = (
        np.repeat(np.arange(len(boost_row)), boost_views),
        np.repeat(np.arange(len(raid_row)), raid_views),
    )
    extra_row = np.concatenate([boost_row[ad], raid_row[rd]]).astype(np.int64)
    extra_at = np.concatenate(
        [
            rng.uniform(boost_start[ad], boost_end[ad]),
            raid_at[rd] + rng.exponential(25.0, len(rd)),
        ]
    )
    extra_stay = np.concatenate(
        [stays(rng, s.dwell[boost_row[ad]] * 0.5), stays(rng, s.dwell[raid_row[rd]] * 0.7)]
    )
    row = np.concatenate([row, extra_row])
    joined = np.minimum(np.concatenate([joined, extra_at]), s.end[row] - 1)
    stay = np.concatenate([stay, extra_stay])
    source = np.concatenate([source, np.full(len(ad), 5), np.full(len(rd), 4)])
    left = np.minimum(joined + stay, s.end[row])
    account = pick_accounts(rng, a, ops, s.operator[row])
    views = dressed(rng, a, row, account, joined, left, source)
    causes = Causes(
        boost_row, boost_start, boost_end, boost_views, sender, raid_row, raid_at, raid_views
    )
    return views, causes, bag


def actions(
    rng: np.random.Generator, a: Accounts, ops: Operators, s: Sessions, v: Views, bag: np.ndarray
) -> Acts:
    """Likes, comments, follows, shares and clicks of honest views."""
    row = v.session
    minutes = (v.left - v.joined) / MINUTE
    operator = s.operator[row]
    parts = []
    waves = s.start[:, None] + rng.random((len(s), 24)) * (s.end - s.start)[:, None]
    mood = rng.lognormal(-0.3, 0.9, len(s))[row]  # some sessions win followers, most do not

    def emit(
        index: np.ndarray, kind: int, count: np.ndarray | int = 1, text: np.ndarray | None = None
    ) -> None:
        at = v.joined[index] + rng.random(len(index)) * (v.left[index] - v.joined[index])
        if kind == 1:  # chat comes in waves: a question from the host, a product shown
            near = waves[row[index], rng.integers(0, waves.shape[1], len(index))] + rng.exponential(
                40.0, len(index)
            )
            hit = (rng.random(len(index)) < 0.6) & (near > v.joined[index]) & (near < v.left[index])
            at = np.where(hit, near, at)
        if kind in (0, 1):  # a lucky bag draws likes and comments together
            draw = ~np.isnan(bag[row[index]]) & (rng.random(len(index)) < 0.3)
            at = np.where(
                draw,
                np.clip(
                    bag[row[index]] + rng.exponential(60, len(index)),
                    v.joined[index],
                    v.left[index],
                ),
                at,
            )
        n = len(index)
        parts.append(
            Acts(
                row[index],
                v.account[index],
                np.full(n, kind),
                at,
                np.broadcast_to(count, n).astype(np.int64),
                text if text is not None else np.full(n, -1),
                np.zeros(n, dtype=np.int64),
            )
        )

    talk = np.repeat(
        np.arange(len(v)), rng.poisson(np.minimum(0.011 * minutes * a.chattiness[v.account], 60))
    )
    slogans = np.where(ops.lookalike["fan_club_slogans"][operator[talk]], 0.55, 0.12)
    copied = rng.random(len(talk)) < slogans
    slogan = operator[talk] * 100 + (rng.random(len(talk)) ** 2 * 12).astype(np.int64)
    text = np.where(copied, slogan, 10_000_000_000 + rng.integers(0, 1 << 50, len(talk)))
    # greetings and catchwords go round in all rooms: a few are everybody's, most are rare (Zipf)
    phrase = np.exp(rng.random(len(talk)) * np.log(PHRASES)).astype(np.int64)
    text = np.where(rng.random(len(talk)) < COMMON, 5_000_000_000 + phrase, text)
    emit(talk, 1, text=text)
    like = np.flatnonzero(rng.random(len(v)) < np.minimum(0.006 + 0.0005 * minutes, 0.3))
    emit(like, 0, count=np.minimum(1 + rng.pareto(1.4, len(like)) * 1.5, 300).astype(np.int64))
    new_fan = np.flatnonzero((rng.random(len(v)) < np.minimum(0.022 * mood, 0.5)) & (v.source != 1))
    emit(new_fan, 2)
    fickle = rng.random(len(new_fan)) < 0.05
    gone = new_fan[fickle]
    lost = Acts(
        row[gone],
        v.account[gone],
        np.full(len(gone), 3),
        v.left[gone] + rng.exponential(3 * 86400, len(gone)),
        np.ones(len(gone), dtype=np.int64),
        np.full(len(gone), -1),
        np.zeros(len(gone), dtype=np.int64),
    )
    emit(np.flatnonzero(rng.random(len(v)) < 0.006), 4)
    emit(np.flatnonzero(rng.random(len(v)) < np.minimum(0.10 + 0.004 * minutes, 0.5)), 5)
    return Acts.stacked([*parts, lost])

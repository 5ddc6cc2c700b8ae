"""What a seed draws of the marketplace: its shops, its people, its clock and who cheats."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulation.families.column_buffer import ColumnBuffer
from simulation.families.verdict_draws import VerdictPlan, draw_verdict_plan
from simulation.identifiers import DAY, HOUR

SALT = 36_200
FIRST_MONDAY = 1_717_372_800.0  # 2024-06-03
SCHEMES = (
    "",
    "one_buyer",
    "rotating_crew",
    "daily_pool",
    "many_at_once",
    "staff",
    "careful",
    "hostile",
)
CODE = {name: k for k, name in enumerate(SCHEMES)}
OWN_SCHEMES = np.arange(1, CODE["hostile"])
SCHEME_WEIGHTS = (2.0, 1.5, 0.5, 0.5, 0.5, 0.5)  # of a Dirichlet law, in the order of schemes
OPTIONAL_COLUMNS = (
    "merchant_id",
    "product_id",
    "paid_at",
    "list_amount",
    "paid_amount",
    "quantity",
    "payer_id",
    "address_id",
    "device_id",
)
FIRST_BRUSHER = 10_000_000  # number of the first account that exists for fraud


@dataclass(frozen=True)
class Parameters:
    """What a seed draws.

    Attributes
    ----------
    shops, days
        Number of shops and of days delivered.
    start, until
        First moment and end of the lake, seconds since the epoch.
    cheat_share
        Share of shops that cheat.
    scheme_weights
        Weights of the shops' own schemes.
    intensity
        Median of false orders over honest ones of a cheating shop.
    episode_share
        Share of the cheats that did it once.
    clock_seconds
        Resolution of the clock.
    split_gap_seconds, brush_gap_seconds
        Median gap between the orders of a basket, and of a brusher.
    null_shares
        Share of nulls by optional column.
    verdicts
        How patrols judge.
    """

    shops: int
    days: int
    start: float
    until: float
    cheat_share: float
    scheme_weights: tuple[float, ...]
    intensity: float
    episode_share: float
    clock_seconds: float
    split_gap_seconds: float
    brush_gap_seconds: float
    null_shares: dict[str, float]
    verdicts: VerdictPlan
    seed: int


@dataclass
class Market:
    """A marketplace while it is written.

    Attributes
    ----------
    p, r
        Parameters and the source of chance.
    daily
        Honest baskets a day by shop, shape (shops,).
    regular_share
        Share of baskets of a shop by its regulars.
    split_share, retry_share
        Share of baskets that are split, and of orders whose payment fails.
    night_owl
        Hours by which a shop's day is later.
    cheats
        Which shops cheat.
    orders
        All orders in the order in which they were made up.
    tags
        Shop and name of each look-alike.
    """

    p: Parameters
    r: np.random.Generator
    daily: np.ndarray
    regular_share: np.ndarray
    split_share: np.ndarray
    retry_share: np.ndarray
    night_owl: np.ndarray
    cheats: np.ndarray
    orders: ColumnBuffer = field(
        default_factory=lambda: ColumnBuffer(
            shop=0, buyer=0, placed=0.0, unpaid=False, scheme=0, other_address=0, shared=-1
        )
    )
    tags: list[tuple[int, str]] = field(default_factory=list)
    brushers: int = FIRST_BRUSHER

    @property
    def expected_orders(self) -> np.ndarray:
        """Honest orders expected of each shop over the days, shape (shops,)."""
        return self.daily * self.p.days * (1.0 + self.split_share)

    def hire(self, count: int) -> np.ndarray:
        """Numbers of so many new accounts that exist for fraud."""
        self.brushers += count
        return np.arange(self.brushers - count, self.brushers)


def open_market(seed: int) -> Market:
    """Draw the marketplace of a seed."""
    r = np.random.default_rng([seed, SALT])
    p = _parameters(seed, r)
    n = p.shops
    daily = np.clip(np.exp(r.normal(r.uniform(1.0, 2.6), r.uniform(0.8, 1.4), n)), 0.3, 300.0)
    retry = np.where(r.random(n) < 0.04, r.beta(2, 20, n), r.beta(0.5, 150, n))
    return Market(
        p,
        r,
        daily=daily,
        regular_share=r.beta(1.2, r.uniform(6, 30), n),
        split_share=r.beta(0.5, np.exp(r.uniform(np.log(20), np.log(400))), n),
        retry_share=retry,
        night_owl=r.normal(0, 1.5, n),
        cheats=r.random(n) < p.cheat_share,
    )


def day_moments(m: Market, shop: np.ndarray) -> np.ndarray:
    """Moments of baskets of some shops: any day, by the hours of the shop."""
    late = m.r.random(len(shop)) < 0.55
    hour = np.where(late, m.r.normal(20.5, 1.8, len(shop)), m.r.normal(12.5, 3.0, len(shop)))
    hour = (hour + m.night_owl[shop]) % 24.0
    return m.p.start + m.r.integers(0, m.p.days, len(shop)) * DAY + hour * HOUR


def _parameters(seed: int, r: np.random.Generator) -> Parameters:
    days = int(r.integers(4, 13))
    start = FIRST_MONDAY + float(r.integers(0, 60)) * DAY
    most = r.random() < 0.5
    absent = {name: _null_share(r) for name in OPTIONAL_COLUMNS}
    return Parameters(
        shops=int(r.integers(80, 281)),
        days=days,
        start=start,
        until=start + (days + 3) * DAY,
        cheat_share=float(r.uniform(0.45, 0.85) if most else r.uniform(0.03, 0.4)),
        scheme_weights=tuple(float(x) for x in r.dirichlet(SCHEME_WEIGHTS)),
        intensity=float(np.exp(r.uniform(np.log(0.05), np.log(0.8)))),
        episode_share=float(r.uniform(0.0, 0.6)),
        clock_seconds=float(r.choice([0.0, 1.0, 1.0, 60.0])),
        split_gap_seconds=float(np.exp(r.uniform(np.log(15), np.log(240)))),
        brush_gap_seconds=float(np.exp(r.uniform(np.log(20), np.log(1500)))),
        null_shares=absent,
        verdicts=draw_verdict_plan(r),
        seed=seed,
    )


def _null_share(r: np.random.Generator) -> float:
    """Absent in half of the seeds; else known of most."""
    return 1.0 if r.random() < 0.5 else float(r.choice([0.0, 0.0, r.uniform(0.0, 0.4)]))

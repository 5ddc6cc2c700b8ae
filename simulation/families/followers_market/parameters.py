"""What a seed decides about a market of followers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.verdict_draws import VerdictPlan, draw_verdict_plan

DAY = 86_400.0
HOUR = 3_600.0
BEIJING_OFFSET_SECONDS = 8 * HOUR

SCHEMES = (
    "", "crowd", "hijacked", "idle_bot", "pool", "bought_followers", "follow_ring", "like_script",
    "comment_script", "ring", "slow_drip", "insider", "empty_parcel", "instant_refund",
    "hostile_brushing", "hostile_rating",
)  # fmt: skip
CODE = {name: code for code, name in enumerate(SCHEMES)}
VIEW_SCHEMES = SCHEMES[1:5]
ENGAGEMENT_SCHEMES = SCHEMES[5:9]
ORDER_SCHEMES = SCHEMES[9:14]
CHEAT_SCHEMES = SCHEMES[1:14]

OPTIONAL_TABLES = ("accounts", "boosts", "room_links", "parcels", "refunds", "reviews", "operators")
OPTIONAL_COLUMNS = {
    "sessions": ("room_id", "streamer_ids", "category"),
    "views": ("device_id", "entry_source", "app_version", "ip_prefix", "asn_kind", "region"),
    "interactions": ("text_hash",),
    "boosts": ("ends_at", "views_bought", "amount"),
    "room_links": ("viewers_sent",),
    "orders": (
        "merchant_id", "product_id", "list_amount", "payer_id", "address_id", "device_id",
    ),
    "parcels": ("waybill_id", "sender_id", "weight_g", "goods_weight_g", "scans", "from_region"),
    "refunds": ("stage", "amount"),
    "accounts": ("registered_at", "real_name_verified", "level", "region"),
    "operators": ("kind", "registered_at", "region", "category"),
}  # fmt: skip


@dataclass(frozen=True)
class Parameters:
    """Size, people, cheating and deliveries of one market."""

    seed: int
    hosts: int
    days: int
    tail_days: int
    start: float
    people: int
    visits: int
    regions: int
    cheat_share: float
    intensity: dict[str, float]
    evasion: dict[str, float]
    vendors: int
    victim_share: float
    conversion: float
    copying: float
    rejoining: float
    anonymous: float
    outage_share: float
    unrecorded_leaves: float
    shared_payer: float
    session_unknown: float
    clock_seconds: float
    late_share: float
    missing_tables: tuple[str, ...]
    null_shares: dict[str, float]
    verdict_kinds: tuple[str, ...]
    verdicts: VerdictPlan

    @property
    def end(self) -> float:
        """End of the days with sessions, seconds since the epoch."""
        return self.start + self.days * DAY

    @property
    def until(self) -> float:
        """End of the lake, seconds since the epoch."""
        return self.end + self.tail_days * DAY


def draw_parameters(r: np.random.Generator, seed: int) -> Parameters:
    """Draw the parameters of one seed."""
    monday = np.datetime64("2025-02-03") + int(r.integers(0, 290))
    kinds = [("session",), ("operator",), ("session", "order"), ("session", "operator"), ("order",)]
    return Parameters(
        seed=seed,
        hosts=int(r.integers(60, 171)),
        days=int(r.integers(12, 20)),
        tail_days=int(r.integers(3, 9)),
        start=float(monday.astype("datetime64[s]").astype(np.int64)) - BEIJING_OFFSET_SECONDS,
        people=int(r.integers(7_000, 20_000)),
        visits=int(r.integers(45_000, 110_000)),
        regions=int(r.integers(5, 22)),
        cheat_share=0.0 if r.random() < 0.06 else float(r.uniform(0.02, 0.4)),
        intensity={s: float(np.exp(r.uniform(np.log(0.1), np.log(3.0)))) for s in SCHEMES[1:]},
        evasion={s: float(r.beta(1.2, 1.2)) for s in SCHEMES[1:]},
        vendors=int(r.integers(1, 5)),
        victim_share=0.0 if r.random() < 0.2 else float(r.uniform(0.01, 0.06)),
        conversion=float(np.exp(r.normal(np.log(0.012), 0.4))),
        copying=float(r.uniform(0.05, 0.5)),
        rejoining=float(r.uniform(0.2, 2.0)),
        anonymous=float(r.uniform(0.0, 0.25)),
        outage_share=float(r.uniform(0.0, 0.04)),
        unrecorded_leaves=float(r.choice([0.0, r.uniform(0, 0.05), 1.0], p=[0.4, 0.5, 0.1])),
        shared_payer=float(r.uniform(0.05, 0.4)),
        session_unknown=float(r.choice([0.0, r.uniform(0, 0.3)])),
        clock_seconds=float(r.choice([0.0, 1.0, 60.0], p=[0.3, 0.45, 0.25])),
        late_share=float(r.uniform(0.0, 0.02)),
        missing_tables=tuple(t for t in OPTIONAL_TABLES if r.random() < 0.15),
        null_shares=_null_shares(r),
        verdict_kinds=kinds[int(r.integers(len(kinds)))],
        verdicts=draw_verdict_plan(r),
    )


def _null_shares(r: np.random.Generator) -> dict[str, float]:
    """Share of nulls by table and column: a column is whole, patchy or absent."""
    return {
        f"{table}.{column}": float(
            r.choice([0.0, r.uniform(0.0, 0.1), r.uniform(0.3, 0.9), 1.0], p=[0.5, 0.3, 0.06, 0.14])
        )
        for table, columns in OPTIONAL_COLUMNS.items()
        for column in columns
    }

"""What a seed decides about a platform that delivers trade alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.verdict_draws import VerdictPlan, draw_verdict_plan

DAY = 86_400.0
BEIJING_OFFSET_SECONDS = 8 * 3600.0

RECRUITER_BASE = 50_000_000  # numbers of recruiter codes in `People.referrer` begin here

SCHEMES = (
    "",
    "ring",
    "empty_parcel",
    "gift_parcel",
    "insider",
    "slot_refund",
    "instant_refund",
    "slow_drip",
    "swap_ship",
    "aged_accounts",
    "hostile_brushing",
    "buyer_abuse",
)
CODE = {name: code for code, name in enumerate(SCHEMES)}
CHEAT_SCHEMES = SCHEMES[1:10]

OPTIONAL_TABLES = ("parcels", "refunds", "reviews", "operators", "accounts")
OPTIONAL_COLUMNS = {
    "orders": (
        "session_id", "merchant_id", "product_id", "list_amount", "payer_id", "address_id",
        "device_id", "quantity",
    ),
    "parcels": (
        "waybill_id", "sender_id", "weight_g", "goods_weight_g", "scans",
        "from_region", "to_region",
    ),
    "refunds": ("stage", "amount"),
    "reviews": ("text_hash",),
    "accounts": ("registered_at", "real_name_verified", "level", "region"),
    "operators": ("kind", "registered_at", "region", "category"),
}  # fmt: skip


@dataclass(frozen=True)
class Parameters:
    """Size, people, cheating and deliveries of one platform."""

    seed: int
    shops: int
    days: int
    tail_days: int
    start: float
    people: int
    orders: int
    regions: int
    cheat_share: float
    intensity: dict[str, float]
    evasion: dict[str, float]
    victim_share: float
    brusher_platforms: int
    return_level: float
    station_share: float
    shared_payer: float
    session_named: float
    clock_seconds: float
    late_share: float
    missing_tables: tuple[str, ...]
    null_shares: dict[str, float]
    verdict_kinds: tuple[str, ...]
    verdicts: VerdictPlan

    @property
    def end(self) -> float:
        """End of the days with orders, seconds since the epoch."""
        return self.start + self.days * DAY

    @property
    def until(self) -> float:
        """End of the lake, seconds since the epoch."""
        return self.end + self.tail_days * DAY


def draw_parameters(r: np.random.Generator, seed: int) -> Parameters:
    """Draw the parameters of one seed."""
    shops = int(r.integers(60, 221))
    monday = np.datetime64("2025-02-03") + 7 * int(r.integers(0, 40)) + int(r.integers(0, 7))
    kinds = [("order",), ("operator",), ("order", "operator"), ("account", "operator"), ("order",)]
    return Parameters(
        seed=seed,
        shops=shops,
        days=int(r.integers(12, 22)),
        tail_days=int(r.integers(3, 11)),
        start=float(monday.astype("datetime64[s]").astype(np.int64)) - BEIJING_OFFSET_SECONDS,
        people=int(r.integers(6_000, 26_000)),
        orders=int(np.exp(r.uniform(np.log(5_000), np.log(24_000)))),
        regions=int(r.integers(6, 26)),
        cheat_share=0.0 if r.random() < 0.06 else float(r.uniform(0.02, 0.4)),
        intensity={s: float(np.exp(r.uniform(np.log(0.1), np.log(2.5)))) for s in SCHEMES[1:]},
        evasion={s: float(r.beta(1.2, 1.2)) for s in SCHEMES[1:]},
        victim_share=0.0 if r.random() < 0.15 else float(r.uniform(0.01, 0.06)),
        brusher_platforms=int(r.integers(1, 5)),
        return_level=float(np.exp(r.normal(0.0, 0.3))),
        station_share=float(r.uniform(0.02, 0.3)),
        shared_payer=float(r.uniform(0.03, 0.3)),
        session_named=float(r.choice([0.0, 1.0, r.random()])),
        clock_seconds=float(r.choice([0.0, 1.0, 60.0], p=[0.3, 0.45, 0.25])),
        late_share=float(r.uniform(0.0, 0.03)),
        missing_tables=tuple(t for t in OPTIONAL_TABLES if r.random() < 0.15),
        null_shares=_null_shares(r),
        verdict_kinds=kinds[int(r.integers(len(kinds)))],
        verdicts=draw_verdict_plan(r),
    )


def _null_shares(r: np.random.Generator) -> dict[str, float]:
    """Share of nulls by table and column: a column is whole, patchy or absent."""
    return {
        f"{table}.{column}": float(
            r.choice(
                [0.0, r.uniform(0.0, 0.12), r.uniform(0.3, 0.9), 1.0], p=[0.45, 0.3, 0.1, 0.15]
            )
        )
        for table, columns in OPTIONAL_COLUMNS.items()
        for column in columns
    }

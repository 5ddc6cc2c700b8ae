"""Real carriers without labels: what the released prior makes of data that nobody here wrote."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from benchmarks.generalisation.real_sets.injected_rooms import (
    CHAT_INJECTIONS,
    DAY,
    HONEST,
    ROOM_INJECTIONS,
    Injection,
    Tables,
    chat_minutes,
    live_room,
)
from benchmarks.harness.figures import Row, row, share_row
from data_contracts.adapters import ADAPTERS
from data_contracts.lake import Lake
from data_contracts.runs import read_outbound
from features.catalogue import BY_NAME
from features.declaration import OPERATOR, SESSION
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy

COMMAND = "make bench-generalisation"
CHANNELS, MIN_BROADCASTS, MIN_VIEWERS = 1000, 5, 10.0  # of Twitch broadcasts
FORGED_SHARE, FORGED_SIZES = 0.1, (0.5, 1.0)
TWITCH_NIGHT, RETAIL_NIGHT, SHOPEE_NIGHT = date(2019, 7, 30), date(2017, 6, 30), date(2019, 12, 31)
SIGNAL_GOAL, REVIEWED_GOAL = ">= -0.05", "<= 0.01"
MIN_JUDGED_SIZE = 0.5  # of bots, from which a goal holds


@dataclass(frozen=True)
class Ranking:
    """AUROC of a published score on one carrier, and of its best signal in its direction."""

    what: str
    auroc: float
    best: float
    signal: str

    @property
    def kept(self) -> float:
        """AUROC of the score less that of its best signal."""
        return self.auroc - self.best


@dataclass(frozen=True)
class Carried:
    """Rows of a carrier, and each ranking behind them."""

    rows: list[Row]
    rankings: list[Ranking]


def public_data() -> Path | None:
    """Folder of the public sets; None where there is none."""
    named = os.environ.get("STEELYARD_PUBLIC_DATA", "../shared/public_data")
    return Path(named) if Path(named).is_dir() else None


class PublishedNight:
    """A published night over given tables: its scores, signals and tiers."""

    def __init__(self, tables: Tables, night: date) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            lake = Lake(Path(scratch) / "lake")
            for name, frame in tables.items():
                lake.write_by_day(name, frame)
            nightly(lake, night, None, load_policy())
            self.scores = read_outbound(lake, "scores")
            self.signals = read_outbound(lake, "signals")
            self.tiers = read_outbound(lake, "tier_decisions").set_index("operator_id")["tier"]

    def ranking(self, what: str, kind: str, marked: set[str]) -> Ranking:
        """How the published probability, else score, and the best signal rank the marked entities."""
        s = self.scores[self.scores["entity_kind"] == kind]
        named = s["probability"].notna()
        column = "probability" if named.any() else "score"
        s = s[named if named.any() else ~named].drop_duplicates("entity_id").set_index("entity_id")
        truth = s.index.isin(marked)
        score = _area(truth, s[column].to_numpy(dtype=float))
        best, rows = (0.0, ""), self.signals[self.signals["entity_kind"] == kind]
        for name, values in rows.groupby("signal"):
            direction = BY_NAME[str(name)].direction if name in BY_NAME else 0
            x = direction * values.set_index("entity_id")["value"].reindex(s.index)
            if direction:
                best = max(best, (_area(truth, x.fillna(x.median()).to_numpy()), str(name)))
        return Ranking(what, score, *best)

    def reviewed(self) -> pd.Series:
        """Operators, and whether each is in B, C or D."""
        return self.tiers != "A"


def _area(truth: np.ndarray, score: np.ndarray) -> float:
    if not 0 < truth.sum() < len(truth):
        return float("nan")
    return float(roc_auc_score(truth, score))


def kept_row(carrier: str, rankings: list[Ranking]) -> Row:
    """What the worst ranking of a carrier loses against the best of its signals."""
    worst = min(rankings, key=lambda r: r.kept)
    what = (
        f"{carrier}: AUROC of the score less that of its best signal, worst of {len(rankings)} "
        f"(`{worst.signal}` {worst.best:.2f}; {worst.what})"
    )
    id_ = f"{carrier.lower()}-best-signal"
    return row(
        id_, what, worst.kept, COMMAND, SIGNAL_GOAL, group="Carriers: score less best signal"
    )


def shopee(data: Path) -> Carried:
    """Shops of the contest: ranking and reviews, without labels."""
    night = PublishedNight(ADAPTERS["shopee-orders"](data / "shopee_orders"), SHOPEE_NIGHT)
    marks = pd.read_csv(data / "shopee_orders" / "rule_labels.csv", dtype=str)
    marked = set("shop-" + marks.loc[marks["rule_users"] != "0", "shop_id"])
    reviewed = night.reviewed()
    bad, said = reviewed.index.isin(marked), reviewed[reviewed]
    what = f"Shopee, {int(bad.sum())} of {len(bad)} shops marked"
    found = night.ranking(what, OPERATOR, marked)
    rows = [
        row("shopee-auroc", f"{what}: AUROC", found.auroc, COMMAND, ">= 0.97", before=".856 (hidden half)"),
        share_row("shopee-marked-reviewed", f"{what}: marked shops that reach B", reviewed[bad], COMMAND, ">= 0.5", before="0"),
        share_row("shopee-precision", f"{what}: marked among the {len(said)} reviewed", said.index.isin(marked), COMMAND, ">= 0.6"),
    ]  # fmt: skip
    return Carried([*rows, kept_row("Shopee", [found])], [found])


def live_rooms(data: Path) -> Carried:
    """Windows of a real live room with bots, and without any."""
    found: dict[Injection, Ranking] = {}
    for injection in ROOM_INJECTIONS:
        tables, hit = live_room(data, injection)
        night = PublishedNight(tables, DAY.date())
        found[injection] = night.ranking(f"live room, {injection.name}", SESSION, hit)
    rows: list[Row] = []
    for share in sorted({i.share for i in found}, reverse=True):
        judged = [
            r for i, r in found.items() if (i.share, i.size >= MIN_JUDGED_SIZE) == (share, True)
        ]
        worst = min(judged, key=lambda r: r.auroc)
        what = (
            f"Live room, bots from +{MIN_JUDGED_SIZE:.0%} in {share:.0%} of its windows: AUROC, "
            f"worst of {len(judged)} ({worst.what})"
        )
        id_, goal = f"live-room-{share:.0%}", ">= 0.85"
        rows.append(row(id_, what, worst.auroc, COMMAND, goal, before=".36-.54"))
    honest = PublishedNight(live_room(data, HONEST)[0], DAY.date()).reviewed()
    what = f"Live room, {len(honest)} honest windows reviewed"
    rows.append(share_row("live-room-honest", what, honest, COMMAND, REVIEWED_GOAL))
    return Carried([*rows, kept_row("Live room", list(found.values()))], list(found.values()))


def twitch_minutes(data: Path) -> Carried:
    """Windows of Twitch chat with viewers added."""
    found = []
    for injection in CHAT_INJECTIONS:
        tables, hit = chat_minutes(data, injection)
        night = PublishedNight(tables, tables["sessions"]["received_at"].max().date())
        found.append(night.ranking(f"Twitch minutes, {injection.name}", SESSION, hit))
    return _twitch("Twitch minutes", found)


def twitch_broadcasts(data: Path) -> Carried:
    """Counters of real broadcasts, some of a night inflated by viewers who do nothing."""
    found = []
    for size in FORGED_SIZES:
        tables, hit = forged_broadcasts(data, size)
        what = f"{len(hit)} Twitch broadcasts with idle viewers of +{size:.0%}"
        found.append(PublishedNight(tables, TWITCH_NIGHT).ranking(what, SESSION, hit))
    return _twitch("Twitch broadcasts", found)


def _twitch(carrier: str, found: list[Ranking]) -> Carried:
    rows = [
        row(f"{carrier.lower()}-{k}", f"{r.what}: AUROC", r.auroc, COMMAND)
        for k, r in enumerate(found)
    ]
    return Carried([*rows, kept_row(carrier, found)], found)


def forged_broadcasts(data: Path, size: float, seed: int = 7) -> tuple[Tables, set[str]]:
    """Broadcasts of some channels, and those of a night to which idle viewers were added."""
    tables = ADAPTERS["twitch-broadcasts"](data / "twitch_broadcasts")
    rng, s, totals = np.random.default_rng(seed), tables["sessions"], tables["session_totals"]
    counts = s["operator_id"].value_counts()
    able = sorted(counts.index[counts >= MIN_BROADCASTS])
    kept = set(rng.choice(able, min(CHANNELS, len(able)), replace=False))
    s = s[s["operator_id"].isin(kept)]
    totals = totals[totals["session_id"].isin(s["session_id"])].reset_index(drop=True)
    tonight = s.loc[s["received_at"].dt.date == TWITCH_NIGHT, "session_id"]
    seen = totals.loc[totals["average_viewers"] >= MIN_VIEWERS, "session_id"]
    names = sorted(set(tonight) & set(seen))
    hit = set(rng.permutation(names)[: round(FORGED_SHARE * len(names))])
    forged = totals["session_id"].isin(hit)
    for column in ("views", "average_viewers", "peak_viewers", "watch_minutes"):
        more = (totals[column].astype(float) * (1.0 + size)).round()
        totals[column] = totals[column].where(~forged, more.astype(totals[column].dtype))
    operators = tables["operators"][tables["operators"]["operator_id"].isin(kept)]
    return {"sessions": s, "session_totals": totals, "operators": operators}, hit


def retail(data: Path) -> Carried:
    """Honest baskets: stores under review."""
    night = PublishedNight(ADAPTERS["retail-baskets"](data / "retail_baskets"), RETAIL_NIGHT)
    reviewed = night.reviewed()
    what = f"Retail baskets, {len(reviewed)} honest stores reviewed"
    return Carried([share_row("retail-reviewed", what, reviewed, COMMAND, REVIEWED_GOAL)], [])


def github(_data: Path) -> Carried:
    """GitHub actors, whom the set dates only where they are fake."""
    what = "GitHub actors: AUROC of accounts without labels"
    why = "The set dates the acts of fake actors only, so that no honest actor can be scored."
    words = row("github-actors", what, "not judged", COMMAND, "scored", holds=False, why=why)
    return Carried([words], [])


CARRIERS: tuple[Callable[[Path], Carried], ...] = (
    live_rooms,
    twitch_broadcasts,
    retail,
    shopee,
    twitch_minutes,
    github,
)

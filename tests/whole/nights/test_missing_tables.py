"""Claims that take minutes: what another platform delivers otherwise than the simulator does
accuses nobody and hides few."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.harness.worlds import honest_and_cheats
from data_contracts.runs import read_outbound
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy
from simulation.world import WorldSpec, write_world

pytestmark = pytest.mark.slow
NIGHT = date(2026, 1, 25)
Delivery = Callable[[str, pd.DataFrame], pd.DataFrame]


def _to_the_minute(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    times = [c for c in rows.select_dtypes("datetime").columns if c != "received_at"]
    return rows.assign(**{c: rows[c].dt.floor("1min") for c in times})


def _without(table: str, *columns: str) -> Delivery:
    return lambda name, rows: rows.assign(**dict.fromkeys(columns)) if name == table else rows


def _draw(ids: pd.Series, share: float) -> np.ndarray:
    """A share of the ids, the same ones in every table."""
    return (pd.util.hash_array(ids.to_numpy(dtype=object)) % 1000 < 1000 * share).astype(bool)


def _placeholder_device(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    if table not in ("views", "orders"):
        return rows
    hidden = _draw(rows["account_id" if table == "views" else "buyer_id"], 0.3)
    return rows.assign(
        device_id=rows["device_id"].mask(hidden, "00000000-0000-0000-0000-000000000000")
    )


def _carrier_nat(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    return (
        rows.assign(
            ip_prefix=rows["ip_prefix"].mask(_draw(rows["account_id"], 0.5), "100.64.0.0/10")
        )
        if table == "views"
        else rows
    )


def _one_guest(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Whoever is not logged in goes by one id."""
    chosen = np.random.default_rng(len(rows)).random(len(rows)) < 0.3
    return (
        rows.assign(account_id=rows["account_id"].mask(chosen, "guest"))
        if table == "views"
        else rows
    )


def _a_fifth_of_views(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sample(frac=0.2, random_state=1) if table == "views" else rows


def _reconnecting(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """An app whose views end after ten minutes and begin again."""
    if table != "views":
        return rows
    ten = pd.Timedelta(minutes=10)
    long = rows["left_at"] - rows["joined_at"] > ten
    rest = rows[long].assign(joined_at=rows["joined_at"] + ten + pd.Timedelta(seconds=1))
    return pd.concat(
        [rows.assign(left_at=rows["left_at"].mask(long, rows["joined_at"] + ten)), rest]
    )


def _payers_and_pickup(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """One payment gateway pays everything, and a fifth of the buyers fetch their parcels at one
    point."""
    if table != "orders":
        return rows
    return rows.assign(
        payer_id="gateway",
        address_id=rows["address_id"].mask(_draw(rows["buyer_id"], 0.2), "pickup-point"),
    )


def _at_night(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Everything of a day arrives together, before midnight."""
    if table in ("accounts", "operators", "outcomes"):
        return rows
    return rows.assign(
        received_at=rows["received_at"].dt.floor("D") + pd.Timedelta(hours=23, minutes=50)
    )


DELIVERIES: dict[str, Delivery] = {
    "times to the minute": _to_the_minute,
    "no device, network or version": _without(
        "views", "device_id", "ip_prefix", "asn_kind", "app_version"
    ),
    "no way in": _without("views", "entry_source"),
    "a placeholder for three devices in ten": _placeholder_device,
    "half of the viewers behind one carrier's address": _carrier_nat,
    "one id for guests": _one_guest,
    "a fifth of the views": _a_fifth_of_views,
    "an app that reconnects": _reconnecting,
    "one payer and a pickup point": _payers_and_pickup,
    "everything at night": _at_night,
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory) -> Path:
    lake = tmp_path_factory.mktemp("deliveries") / "lake"
    write_world(lake, lake.with_name("lake.truth"), WorldSpec(771, "small", date(2026, 1, 5)))
    return lake


def _delivered(lake: Path, to: Path, how: Delivery) -> Path:
    for path in sorted(lake.rglob("*.parquet")):
        name = path.relative_to(lake)
        table = pq.read_table(path, partitioning=None)
        changed = pa.Table.from_pandas(
            how(name.parts[0], table.to_pandas()), schema=table.schema, preserve_index=False
        )
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(changed, to / name)
    return to


def _reviewed(lake: Path, platform: Path) -> tuple[float, float]:
    """Shares of honest operators and of cheats that a night without models reviews."""
    nightly(lake, NIGHT, None, load_policy(), say=lambda said: None)
    tiers = read_outbound(lake, "tier_decisions").set_index("operator_id")["tier"]
    honest, cheats = honest_and_cheats(platform, tiers)
    assert len(honest) > 100 and len(cheats) > 20
    return float((honest != "A").mean()), float((cheats != "A").mean())


@pytest.fixture(scope="module")
def as_simulated(platform, tmp_path_factory) -> float:
    honest, cheats = _reviewed(
        _delivered(platform, tmp_path_factory.mktemp("same"), lambda name, rows: rows), platform
    )
    assert honest <= 0.01 and cheats > 0.5
    return cheats


@pytest.mark.parametrize("how", DELIVERIES)
def test_another_delivery_accuses_nobody_and_hides_few(how, platform, as_simulated, tmp_path):
    """A smaller delivery accuses no honest operator, and hides few cheats."""
    honest, cheats = _reviewed(_delivered(platform, tmp_path / "lake", DELIVERIES[how]), platform)
    assert honest <= 0.01
    assert cheats >= 0.75 * as_simulated

"""Records of an order for a consumer: what was delivered, signed, and no suspicion."""

from __future__ import annotations

import zipfile
from datetime import timedelta

import pandas as pd
import pytest

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.export.evidence_package import package_faults
from serving.export.order_records import pack_order
from serving.export.signing import public_key_text, signing_key
from serving.scoring.scope import moment_of
from tests.conftest import NIGHT

NOW = moment_of(NIGHT) + timedelta(hours=6)


def test_a_consumer_gets_the_records_of_one_order(tiny, tmp_path):
    """Order, parcel and operator are in it; no other order, score or signal is."""
    source = Lake.open(tiny)
    lake = Lake(tmp_path / "lake")
    lake.root.mkdir()
    for table in ("orders", "parcels", "operators", "sessions"):
        (lake.root / table).symlink_to(source.root / table)
    parcels = pd.concat(pd.read_parquet(f) for f in lake.files("parcels"))
    order = str(parcels["order_id"].iloc[0])
    years_later = NOW + timedelta(days=900)  # the duty lasts as long as the records are kept
    manifest = pack_order(lake, order, tmp_path / "records.zip", years_later)
    assert manifest["order_id"] == order and "operator_id" not in manifest
    with zipfile.ZipFile(tmp_path / "records.zip") as package:
        names = set(package.namelist())
        orders = pd.read_csv(package.open("tables/orders.csv"))
        operator = pd.read_csv(package.open("tables/operator.csv"))
    assert orders["order_id"].tolist() == [order]
    assert operator["operator_id"].tolist() == orders["operator_id"].tolist()
    assert {"tables/parcels.csv", "tables/operator.csv", "README.txt"} <= names
    assert not any(w in n for n in names for w in ("score", "signal", "decision", "measure"))
    trusted = public_key_text(signing_key(lake))
    assert package_faults(tmp_path / "records.zip", trusted) == []
    with pytest.raises(LakeProblem, match="no order"):
        pack_order(lake, "nothing", tmp_path / "none.zip", NOW)

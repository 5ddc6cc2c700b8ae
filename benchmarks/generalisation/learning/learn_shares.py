"""Inputs of the share models that lie beside the frames of worlds: counts, and orders' sessions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.harness.worlds import OUTPUT_FOLDER
from data_contracts.lake import Lake
from features.declaration import SESSION
from simulation.families.registry import truth_folder
from training.estimator.share_prior import MEASURES, SharePrior
from training.models.order_brushing import MODEL as ORDER_MODEL
from training.models.session_inflation import MODEL as SESSION_MODEL
from training.prior.learn import Learned
from training.prior.share_models import learn_orders, learn_shares
from training.prior.world_frames import WorldFrame

FAMILIES_FOLDER = OUTPUT_FOLDER / "families"


def learn_share_prior(
    frames: Sequence[WorldFrame], learned: dict[str, Learned], folder: Path = FAMILIES_FOLDER
) -> SharePrior | None:
    """Share models of worlds; None where they show no sessions.

    Parameters
    ----------
    frames
        Frames of worlds.
    learned
        The learned prior by model, which gives probabilities of orders of families left out.
    folder
        Folder of the lakes; their truth lies beside them.
    """
    sessions = [f for f in frames if f.entity == SESSION]
    if not sessions:
        return None
    orders = None
    if ORDER_MODEL.name in learned:
        orders = learn_orders(left_out_orders(learned[ORDER_MODEL.name], folder))
    counted = {f.world: counted_sessions(folder / f.world) for f in sessions}
    return learn_shares(sessions, counted, SESSION_MODEL, orders)


def counted_sessions(lake: Path) -> pd.DataFrame:
    """Views, likes and follows of the sessions of a world as delivered, index session."""
    truth = pq.read_table(truth_folder(lake) / "sessions.parquet").to_pandas()
    counted = truth.drop_duplicates("session_id").set_index("session_id")
    return counted.reindex(columns=list(MEASURES))


def left_out_orders(learned: Learned, folder: Path = FAMILIES_FOLDER) -> pd.DataFrame:
    """Orders of complete worlds with their probability by trees of other families.

    Orders that are neither false nor honest, as those of abusive buyers, are not false.
    """
    parts = []
    for world, rows in learned.scores.groupby("world", sort=True):
        session = _sessions_of_orders(folder / str(world)).reindex(rows["entity_id"])
        parts.append(
            rows[["family", "world"]].assign(
                operator=rows["owner"],
                session=session.to_numpy(),
                probability=learned.calibration(rows["raw"].to_numpy()),
                truth=rows["truth"].fillna(0.0),
            )
        )
    return pd.concat(parts, ignore_index=True)


@cache
def _sessions_of_orders(lake: Path) -> pd.Series:
    files = Lake.open(lake).files("orders")
    parts = [pq.read_table(f, columns=["order_id", "session_id"]).to_pandas() for f in files]
    return pd.concat(parts).drop_duplicates("order_id").set_index("order_id")["session_id"]

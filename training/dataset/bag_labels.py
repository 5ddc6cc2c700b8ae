"""Labels of entities by verdicts on their operator, and of orders by those on their session.

Many platforms judge operators only. A cleared operator clears what it did in the window before the
verdict. A confirmed one says that at least one entity of the window is false, and not which: its
entities are a bag of multiple-instance learning. Each is false with the probability that a model
gives it, given that at least one of the bag is (`positive_shares`). Verdicts on an entity itself
always count instead (ADR-0065).

References
----------
Dietterich, Lathrop and Lozano-Perez, Artificial Intelligence 1997: multiple-instance learning.
Viola, Platt and Zhang, NIPS 2005: noisy-or bags.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import OPERATOR, ORDER, SESSION
from features.engine.snapshot import Snapshot
from training.dataset.labels import VERDICT_WINDOW
from training.dataset.sampling import sample_by_hash

BAG_ROW_WEIGHT = 0.3  # of an entity of a bag at most; a verdict on itself weighs 1
MAX_BAG_WEIGHT = 3.0  # of all entities of a bag; ADR-0065
MAX_ENTITIES_PER_BAG = 200
MIN_PROBABILITY = 1e-4
CONTAINERS = {
    SESSION: {OPERATOR: "operator_id"},
    ORDER: {OPERATOR: "operator_id", SESSION: "session_id"},
}
COLUMNS = ["confirmed", "typology", "audited", "received_at", "operator_id"]


def with_bags(
    tables: Snapshot, kind: str, typologies: tuple[str, ...], direct: pd.DataFrame
) -> pd.DataFrame:
    """Verdicts on entities, and labels of further entities by verdicts on their containers.

    Parameters
    ----------
    tables
        The snapshot.
    kind
        Kind of entity: sessions or orders.
    typologies
        Typologies of verdicts that say something of the entity.
    direct
        Verdicts on the entities themselves, index entity_id; columns `COLUMNS`, and `weight` where
        an appeal was decided.

    Returns
    -------
    pandas.DataFrame
        Index entity_id; the columns of `direct`. Where a container has a verdict also `bag` (its
        name, empty for none), `direct` (bool: by a verdict on the entity) and `weight`.
    """
    members = _members(tables, kind, typologies)
    if members.empty:
        return direct
    named = direct.assign(
        bag=members["bag"].reindex(direct.index).fillna(""),
        direct=True,
        weight=direct.get("weight", 1.0),
    )
    further = members[~members.index.isin(direct.index)]
    kept = further.groupby("bag")["bag"].transform("size").clip(upper=MAX_ENTITIES_PER_BAG)
    chosen = [
        i
        for _, part in further.groupby("bag", sort=False)
        for i in sample_by_hash(part.index, MAX_ENTITIES_PER_BAG)
    ]
    weight = np.minimum(BAG_ROW_WEIGHT, MAX_BAG_WEIGHT / kept)
    further = further.assign(direct=False, weight=weight).loc[chosen]
    return pd.concat([named, further]) if len(named) else further.rename_axis("entity_id")


def positive_shares(
    probability: np.ndarray, labels: pd.DataFrame, entity: np.ndarray
) -> np.ndarray:
    """Probability of each row being false, given the verdicts, shape (n,).

    Parameters
    ----------
    probability
        Probability by a model, shape (n,).
    labels
        Rows with the columns of `with_bags`.
    entity
        Entity of each row, shape (n,); rows of one entity are false together.

    Examples
    --------
    >>> bag = pd.DataFrame({"confirmed": 1, "bag": "operator:a", "direct": [False, False]})
    >>> positive_shares(np.array([0.5, 0.0]), bag, np.array(["x", "y"])).round(3).tolist()
    [1.0, 0.0]
    """
    direct, verdict = labels["direct"].to_numpy(dtype=bool), labels["confirmed"].to_numpy(float)
    clipped = np.clip(probability, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY)
    rows = pd.DataFrame({"bag": labels["bag"].to_numpy(), "entity": entity})
    rows["p"] = np.where(direct, verdict, clipped)
    rows["p"] = rows.groupby("entity")["p"].transform("max")
    with np.errstate(divide="ignore"):
        rows["log_clean"] = np.log1p(-rows["p"])
    once = rows.drop_duplicates("entity")
    clean = rows["bag"].map(once.groupby("bag")["log_clean"].sum())
    share = rows["p"] / -np.expm1(clean)
    return np.where(direct | (verdict == 0), verdict, np.minimum(share, 1.0))


def _members(tables: Snapshot, kind: str, typologies: tuple[str, ...]) -> pd.DataFrame:
    """Entities of containers with a verdict: index entity_id; `COLUMNS` and bag."""
    table = tables["sessions" if kind == SESSION else "orders"]
    containers = CONTAINERS[kind]
    entities = table.select(
        entity_id=f"{kind}_id",
        received_at="received_at",
        **{c: c for c in containers.values()},
    ).to_pandas()
    parts = [
        entities.merge(_verdicts(tables, level, typologies), left_on=column, right_on="container")
        for level, column in containers.items()
    ]
    found = pd.concat(parts, ignore_index=True)
    received = found["received_at"]
    found = found[(received >= found["since"]) & (received < found["until"])]
    # a later verdict for the same typology counts; then the smaller container, then a confirmation
    found = found.sort_values("decided_at", kind="stable")
    found = found.drop_duplicates(["entity_id", "level", "typology"], keep="last")
    found = found.sort_values(["level", "confirmed"], kind="stable")  # "operator" < "session"
    found = found.drop_duplicates("entity_id", keep="last").set_index("entity_id")
    return found[[*COLUMNS, "bag"]]


def _verdicts(tables: Snapshot, level: str, typologies: tuple[str, ...]) -> pd.DataFrame:
    """Verdicts on containers, with the window that each is about and the name of its bag.

    An appeal is about what the verdict before it was about.
    """
    columns = ["container", "level", "typology", "confirmed", "audited", "decided_at"]
    if "outcomes" not in tables:
        return pd.DataFrame(columns=[*columns, "since", "until", "bag"])
    o = tables["outcomes"]
    o = o.filter((o.entity_kind == level) & o.typology.isin(typologies)).to_pandas()
    o = o.sort_values(["entity_id", "typology", "decided_at", "source"], ignore_index=True)
    if level == OPERATOR:
        since, until = o["decided_at"] - VERDICT_WINDOW, o["decided_at"]
        appeal = (o["source"] == "appeal").to_numpy()
        judged = o.groupby(["entity_id", "typology"], sort=False)
        since = since.where(~appeal, since.groupby([o["entity_id"], o["typology"]]).shift())
        since = since.fillna(o["decided_at"] - VERDICT_WINDOW)
        until = until.where(~appeal, judged["decided_at"].shift()).fillna(o["decided_at"])
    else:
        since, until = pd.Timestamp.min, pd.Timestamp.max
    return pd.DataFrame(
        {
            "container": o["entity_id"],
            "level": level,
            "typology": o["typology"],
            "confirmed": (o["verdict"] == "confirmed").astype(int),
            "audited": o["source"] == "random_audit",
            "decided_at": o["decided_at"],
            "since": since,
            "until": until,
            "bag": level + ":" + o["entity_id"].astype(str) + ":" + o["decided_at"].astype(str),
        }
    )

"""How suspicious honest entities look to a model that never saw them: the yardstick of conformal selection.

Source: conformal p-values for outliers (Bates, Candès, Lei, Romano and Sesia, Annals of Statistics 2023). The scores are out of
fold, one of each entity (the newest), from the random audit where that cleared enough of them, else from all that were cleared:
those were looked at because they seemed suspicious, which makes the yardstick stricter on the model, not on the operator. Whoever
has a confirmed verdict, were it one of fifty, is no example of honesty. Some cheats are among the others, where nobody looked at the right session: the
yardstick is stricter on the model for them too (Bates et al. show that p-values stay valid, only larger).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

ENOUGH = 50  # audited honest entities below which those cleared by patrols are taken in


def honest_scores(raw: np.ndarray, accused: np.ndarray, audited: np.ndarray, entity: pd.Series) -> np.ndarray:
    """Sorted raw scores of entities of which nothing was ever confirmed, one each; empty where none is known.

    Arrays of shape (rows,): raw scores, whether anything was `accused` with success or `audited` in the row's night, and whose row it is.
    """
    frame = pd.DataFrame({"raw": raw, "accused": accused, "audited": audited, "entity": entity.to_numpy()})
    guilty = set(frame.loc[frame["accused"].astype(bool), "entity"])
    frame = frame[np.isfinite(frame["raw"]) & ~frame["entity"].isin(guilty)]
    fair = frame[frame["audited"]]
    chosen = fair if fair["entity"].nunique() >= ENOUGH else frame
    return np.sort(chosen.groupby("entity")["raw"].last().to_numpy(dtype=np.float64))


def conformal_p(raw: np.ndarray, honest: np.ndarray) -> np.ndarray:
    """Share of honest entities that look at least as suspicious, the entity itself counted among them, shape (n,).

    Never below 1 / (honest + 1): a small yardstick cannot say that something is very rare.
    """
    above = len(honest) - np.searchsorted(honest, raw, side="left")
    return (1.0 + above) / (len(honest) + 1.0)

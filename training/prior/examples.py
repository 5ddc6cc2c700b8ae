"""Examples for a combination: worlds as they are, with tables dropped, and without peers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from features.catalogue import signals_named
from features.declaration import OPERATOR
from features.peers.comparison import Comparison, compare, peer_width
from training.estimator.combination import Combination
from training.prior.world_frames import WorldFrame

MAX_ROWS_PER_WORLD = 700
MASKED_COPIES = 1  # of each world, with tables dropped at random
COPY_WEIGHTS = (0.5, 0.5)  # of a world as it is, and with tables dropped
REFERENCED_WEIGHTS = (0.4, 0.4, 0.2)  # the third is a world whose peers are unknown
DROPPED_TABLE_SHARE, KNOWN_OWNER_SHARE = 0.3, 0.7
DROPPABLE_TABLES = (
    "views",
    "interactions",
    "orders",
    "room_minutes",
    "accounts",
    "parcels",
    "refunds",
    "reviews",
    "operators",
)


@dataclass(frozen=True)
class Examples:
    """Inputs (n, inputs), targets (n, typologies), weights (n,), and whose they are (n,)."""

    inputs: np.ndarray
    targets: np.ndarray
    weight: np.ndarray
    family: np.ndarray
    world: np.ndarray
    entity: np.ndarray
    complete: np.ndarray

    def of(self, mask: np.ndarray) -> Examples:
        """The rows of a mask."""
        return Examples(*(getattr(self, f.name)[mask] for f in fields(self)))


def examples_of(
    frames: Sequence[WorldFrame],
    columns: list[str],
    size_signals: tuple[str, ...] = (),
    seed: int = 0,
    owned: bool = True,
    references: Mapping[str, Comparison] | None = None,
) -> Examples:
    """Examples of worlds: each as it is, and copies with tables dropped at random.

    Parameters
    ----------
    frames
        Frames of one kind of entity.
    columns, size_signals
        Signals to read, and those by which peers are of a like size.
    seed
        Seed of what is dropped.
    owned
        Whether operators' own levels are known.
    references
        What each family is compared with (`references_without`); a further copy of each world
        then has no peers.
    """
    rng = np.random.default_rng(seed)
    parts = []
    worlds = {f.family: sum(g.family == f.family for g in frames) for f in frames}
    for frame in frames:
        copies = masked_copies(frame, rng, owned)
        reference = (references or {}).get(frame.family)
        weights: tuple[float, ...] = COPY_WEIGHTS
        if reference is not None:
            copies, weights = [*copies, copies[0]], REFERENCED_WEIGHTS
        targets = frame.targets.to_numpy(dtype=float)
        known = _spread(np.isfinite(targets).any(axis=1), MAX_ROWS_PER_WORLD)
        for k, copy in enumerate(copies):
            values = copy.signals.reindex(columns=columns).to_numpy(dtype=float)
            if not np.isfinite(values).any():
                continue
            if k > MASKED_COPIES:
                alone = Combination(columns, (), (), size_signals, reference=reference)
                x = alone.inputs(values)[known]
            else:
                x = inputs_of(values, columns, size_signals, copy.owner, reference)[known]
            x = x.astype("f4")
            x[:, undirected_inputs(frame.entity, columns, x.shape[1])] = np.nan
            weight = 1e3 * weights[k] / (worlds[frame.family] * max(known.sum(), 1))
            parts.append(
                (
                    x,
                    targets[known],
                    np.full(len(x), weight),
                    np.full(len(x), frame.family, dtype=object),
                    np.full(len(x), frame.world, dtype=object),
                    frame.signals.index[known].to_numpy(dtype=object),
                    np.full(len(x), k == 0),
                )
            )
    return Examples(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def undirected_inputs(entity: str, columns: list[str], width: int) -> np.ndarray:
    """Mask of the inputs that trees of operators do not learn from, shape (width,).

    Influence raises supervision and never guilt: how many orders, views or sessions an operator has
    is read as a size of its peers alone (ADR-0194).
    """
    signals = signals_named(columns)
    side = np.array([entity == OPERATOR and not s.direction for s in signals])
    mask, peers = np.zeros(width, dtype=bool), peer_width(signals)
    mask[: 3 * len(side)] = np.tile(side, 3)
    if width > peers:
        mask[peers : peers + 2 * len(side)] = np.tile(side, 2)
    return mask


def _spread(mask: np.ndarray, most: int) -> np.ndarray:
    """At most so many rows of a mask, spread evenly over it."""
    rows = np.flatnonzero(mask)
    kept = rows[:: max(1, -(-len(rows) // most))]
    return np.isin(np.arange(len(mask)), kept)


def masked_copies(
    frame: WorldFrame, rng: np.random.Generator, owned: bool = True
) -> list[WorldFrame]:
    """The frame as it is, and `MASKED_COPIES` of it with tables dropped at random."""
    copies = [frame.without_tables(set(), owned)]
    for _ in range(MASKED_COPIES):
        lost = {t for t in DROPPABLE_TABLES if rng.random() < DROPPED_TABLE_SHARE}
        copies.append(frame.without_tables(lost, owned and bool(rng.random() < KNOWN_OWNER_SHARE)))
    return copies


def inputs_of(
    values: np.ndarray,
    columns: list[str],
    size_signals: tuple[str, ...],
    owner: np.ndarray | None,
    reference: Comparison | None = None,
) -> np.ndarray:
    """Inputs of entities that are compared with one another, and with a reference."""
    peers = compare(signals_named(columns), values, size_signals, owner)
    trees = Combination(columns, (), (), size_signals, peers=peers, reference=reference)
    return trees.inputs(values, owner)

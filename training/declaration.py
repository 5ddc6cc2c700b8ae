"""The declaration of a model."""

from __future__ import annotations

from dataclasses import dataclass, field

from features.declaration import LIVE, Signal


@dataclass(frozen=True)
class Model:
    """A model: what it scores, from which signals, against which typologies, and how it is fitted.

    `prefixes`: minutes after which a running session is also learnt from, for models over LIVE signals.
    `compares`: it reads how far signals lie from those of the entities of the same night. `size`: the signal by which such peers are of
    a like size (None: all are peers). `own`: it reads the values themselves too, which mean another thing on another platform.
    `apart`: each typology has trees of its own, one against all, and any of them may find an entity.
    `pruned`: verdicts that trees of other groups contradict are not learnt from.
    `lean`: log-odds that are added for each point by which signals that are deviances themselves lie beyond peers; needs `compares`.
    `rare`: log-odds that are added for each point by which facts are rare among tonight's (`features/peers/evidence_groups.py`); needs `compares`.
    `doubt`: log-odds that its trees leave of each typology at least, for schemes that no verdict showed them (None: none).
    `teacher`: the model whose probabilities for sessions that nobody judged are learnt from beside the verdicts (`training/dataset/distillation.py`).
    `parameters` and `rounds`: what of `FITTING` is other for it, and how many trees are grown.
    """

    name: str
    entity: str
    signals: tuple[Signal, ...]
    typologies: tuple[str, ...]
    question: str
    known_limits: str
    prefixes: tuple[int, ...] = ()
    compares: bool = False
    size: str | None = None
    own: bool = True
    apart: bool = False
    pruned: bool = False
    lean: float = 0.0
    rare: float = 0.0
    doubt: float | None = None
    teacher: str | None = None
    parameters: dict[str, float | int | str] = field(default_factory=dict)
    rounds: int = 200

    @property
    def columns(self) -> list[str]:
        return [s.name for s in self.signals]

    def without_graph(self) -> list[str]:
        """Columns of the no-graph control."""
        return [s.name for s in self.signals if not s.graph]

    @property
    def live(self) -> bool:
        return all(s.freshness == LIVE for s in self.signals)


FITTING = {
    "num_leaves": 15,
    "learning_rate": 0.05,
    "min_data_in_leaf": 8,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 7,
    "num_threads": 2,
    "max_bin": 127,
}
# Extremely randomised trees (Geurts, Ernst and Wehenkel, Machine Learning 2006): cuts are drawn, not searched, so that some hundred
# verdicts are not learnt by heart. Chosen on worlds that are neither trained on for release nor judged on the pages.
RANDOMISED: dict[str, float | int | str] = {"extra_trees": True, "feature_fraction": 0.3}

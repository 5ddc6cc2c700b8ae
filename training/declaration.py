"""The declaration of a model: entity, signals, typologies and how it is fitted."""

from __future__ import annotations

from dataclasses import dataclass, field

from features.declaration import LIVE, Signal


@dataclass(frozen=True)
class Model:
    """A model: what it scores, from which signals, and how it is fitted.

    Parameters
    ----------
    name, entity
        The model's name and the kind of entity that it scores.
    signals
        The signals that it reads, in order.
    typologies
        Typologies of the verdicts that it learns from.
    question, known_limits
        Sentences of the model card.
    prefix_minutes
        Minutes after which a running session is a training row too; for models over LIVE signals.
    peer_relative
        Whether it reads deviations from the entities of the same night.
    size_signal
        Signal by which peers are of a like size; None makes all entities peers.
    use_raw_values
        Whether it reads raw values besides deviations.
    per_typology
        Whether each typology has an ensemble of its own, one against all.
    drop_contradicted_labels
        Whether it skips verdicts that trees of other groups contradict.
    anomaly_weight
        Log-odds added per point of anomaly score above the peer median. Requires `peer_relative`.
    rarity_weight
        Log-odds added per point of tail score of an evidence group. Requires `peer_relative`.
    logit_floor
        Log-odds that trees leave of each typology at least; None for no floor.
    teacher
        Model whose probabilities on unlabelled sessions it also learns from (distillation).
    parameters, rounds
        What differs from `FITTING`, and the number of boosting rounds.
    """

    name: str
    entity: str
    signals: tuple[Signal, ...]
    typologies: tuple[str, ...]
    question: str
    known_limits: str
    prefix_minutes: tuple[int, ...] = ()
    peer_relative: bool = False
    size_signal: str | None = None
    use_raw_values: bool = True
    per_typology: bool = False
    drop_contradicted_labels: bool = False
    anomaly_weight: float = 0.0
    rarity_weight: float = 0.0
    logit_floor: float | None = None
    teacher: str | None = None
    parameters: dict[str, float | int | str] = field(default_factory=dict)
    rounds: int = 200

    @property
    def columns(self) -> list[str]:
        """Names of its signals."""
        return [s.name for s in self.signals]

    def columns_without_graph(self) -> list[str]:
        """Names of its signals but those of graphs: the columns of the no-graph control."""
        return [s.name for s in self.signals if not s.graph]

    @property
    def live(self) -> bool:
        """Whether it can score a running session."""
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
# Extremely randomised trees draw their cuts, so that a few hundred verdicts are not overfitted
# (Geurts, Ernst and Wehenkel, Machine Learning 2006).
RANDOMISED: dict[str, float | int | str] = {"extra_trees": True, "feature_fraction": 0.3}

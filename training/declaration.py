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
    ensembles
        Typologies that it tells apart, each by an ensemble of its own; one name for a single one.
    question, known_limits
        Sentences of the model card.
    prefix_minutes
        Minutes after which a running session is a training row too; for models over LIVE signals.
    size_signals
        Signals by which peers are of a like size; the first that is known is used. Without one all
        entities are peers.
    parameters
        What differs from `FITTING`.
    """

    name: str
    entity: str
    signals: tuple[Signal, ...]
    typologies: tuple[str, ...]
    question: str
    known_limits: str
    ensembles: tuple[str, ...] = ("fraud",)
    prefix_minutes: tuple[int, ...] = ()
    size_signals: tuple[str, ...] = ()
    parameters: dict[str, float | int | str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Names of its signals."""
        return [s.name for s in self.signals]

    def graph_columns(self) -> tuple[str, ...]:
        """Names of its signals of graphs, which the no-graph control does without."""
        return tuple(s.name for s in self.signals if s.graph)

    @property
    def live(self) -> bool:
        """Whether it can score a running session."""
        return all(s.freshness == LIVE for s in self.signals)


ROUNDS = 100  # of boosting on verdicts; ADR-0062
FITTING: dict[str, float | int | str] = {
    "objective": "binary",
    "num_leaves": 7,
    "learning_rate": 0.05,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 7,
    "num_threads": 2,
}

"""Parts of a combination are taken away one at a time, and judged on families left out."""

from __future__ import annotations

import numpy as np

from benchmarks.generalisation.learning import ablations
from features.catalogue import signals_named
from features.peers.comparison import peer_width
from tests.benchmarks.generalisation.test_left_out import MODEL, world
from training.prior.examples import examples_of
from training.prior.reference import references_without


def test_parts_cover_each_input_once():
    """Ranks, deviations, own levels, summaries and the reference are all that trees read."""
    frames = [world(family, 1) for family in ("one", "other")]
    read = MODEL.columns, MODEL.size_signals
    width = examples_of(frames, *read, references=references_without(frames, *read)).inputs.shape[1]
    parts = ablations.input_parts(MODEL.columns, width)
    scores = parts.pop("anomaly scores")
    assert (np.sum(list(parts.values()), axis=0) == 1).all() and 0 < scores.sum() < width / 2
    n = len(MODEL.columns)
    assert [parts[k].sum() for k in ("ranks", "deviations", "own levels")] == [n] * 3
    assert parts["reference"].sum() == width - peer_width(signals_named(MODEL.columns))


def test_a_part_that_is_hidden_is_not_learned_from(monkeypatch):
    """Without any input nothing is told apart; with all of them the cheats are."""
    monkeypatch.setattr(ablations, "rounds_of", lambda entity: 20)
    frames = [world(family, 1) for family in ("one", "other")]
    everything = ablations.input_parts

    def one_part(columns, width):
        return {"all": np.ones(width, dtype=bool)} if everything(columns, width) else {}

    monkeypatch.setattr(ablations, "input_parts", one_part)
    rows = {row[1]: row[2] for row in ablations.ablations(frames, MODEL)}
    base = np.mean([f.any_fraud.mean() for f in frames])
    assert rows["nothing"] > 0.9 and abs(rows["all"] - base) < 0.05
    assert set(rows) == {"nothing", "all", "monotone constraints", "copies with tables dropped"}

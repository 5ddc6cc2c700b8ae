"""A reference tells what is rare where a night's entities do not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from data_contracts.errors import ArtefactRefused
from features.catalogue import signals_named
from features.peers.comparison import compare, peer_width
from tests.benchmarks.generalisation.test_left_out import MODEL, world
from training.estimator.combination import MIN_ENTITIES, Combination
from training.estimator.prior import load_prior
from training.models.registry import BY_NAME
from training.prior.examples import examples_of
from training.prior.learn import learn
from training.prior.prior_files import write_priors
from training.prior.reference import reference_of, references_without
from training.release.serialisation import read_trees, release_texts

READ = MODEL.columns, MODEL.size_signals
FRAMES = [world(family, seed) for family in ("one", "other") for seed in (1, 2)]
PEERS = peer_width(signals_named(MODEL.columns))


@pytest.fixture(scope="module")
def learned():
    """A prior of sessions of two families."""
    return learn(FRAMES, *READ)


def known(frame):
    """Entities of known truth: signals and truth."""
    truth = frame.any_fraud
    values = frame.signals.reindex(columns=MODEL.columns).to_numpy(dtype=float)
    return values[np.isfinite(truth)], truth[np.isfinite(truth)]


def separation(raw, truth):
    """Share of pairs of a cheat and an honest one that are in order."""
    return (raw[truth == 1][:, None] > raw[truth == 0][None, :]).mean()


def test_a_family_is_compared_with_the_honest_of_the_others():
    """A family's own entities, and cheats of the others, are in no reference of it."""
    alone = reference_of(FRAMES[2:], *READ)
    found = references_without(FRAMES, *READ)["one"]
    assert found.as_json() == alone.as_json()
    values, truth = known(FRAMES[3])
    middle = np.array([s.direction != 0 for s in MODEL.signals])
    ranks = found.relative(values[truth == 0])[0][:, middle]
    assert abs(np.nanmedian(ranks) - 0.5) < 0.02


def test_a_copy_of_each_world_has_no_peers():
    """One row in three of the examples is compared with the reference alone."""
    references = references_without(FRAMES, *READ)
    examples = examples_of(FRAMES, *READ, references=references)
    bare = np.isnan(examples.inputs[:, :PEERS]).all(axis=1)
    assert bare.sum() * 3 == len(bare) and not np.isnan(examples.inputs[bare][:, PEERS:]).all()
    plain = examples_of(FRAMES, *READ)
    assert plain.inputs.shape[1] == PEERS


def test_few_entities_are_scored_by_the_reference(learned):
    """Fewer than MIN_ENTITIES get no peers, and are ranked nearly as well."""
    values, truth = known(world("third", 4))
    few = learned.combination.rebased_on(values[: MIN_ENTITIES - 1])
    assert few.peers is None and np.isnan(few.inputs(values)[:, :PEERS]).all()
    assert separation(few.raw(values), truth) > 0.9


def test_most_cheat_and_are_still_told_apart(learned):
    """Where nine in ten cheat they are the peers, and the reference still says what is honest."""
    values, truth = known(world("third", 5))
    honest = np.flatnonzero(truth == 0)[: (truth == 1).sum() // 9]
    rows = np.concatenate([np.flatnonzero(truth == 1), honest])
    tonight = learned.combination.rebased_on(values[rows])
    assert separation(tonight.raw(values[rows]), truth[rows]) > 0.9


def test_more_evidence_never_lowers_a_score_by_the_reference(learned):
    """Constraints hold for the inputs of the reference too."""
    trees = learned.combination
    row = np.tile(np.full(len(MODEL.columns), 0.5), (30, 1))
    alarmed = next(j for j, s in enumerate(MODEL.signals) if s.alarm is not None and s.direction)
    row[:, alarmed] = np.linspace(-3, 3, 30) * MODEL.signals[alarmed].direction
    assert (np.diff(trees.raw(row)) >= -1e-9).all()


def test_a_written_reference_scores_the_same(learned, tmp_path):
    """Priors and releases keep the reference bit for bit, and a changed file is refused."""
    values, _ = known(FRAMES[0])
    trees = learned.combination
    again, _ = read_trees(release_texts(trees, trees))
    np.testing.assert_array_equal(again.raw(values), trees.raw(values))
    written = {MODEL.name: (trees, learned.calibration)}
    write_priors(tmp_path / "one", written, {MODEL.name: {}})
    shipped = load_prior(MODEL.name, tmp_path / "one")
    assert shipped is not None
    # by typology, too: views and engagement are not read in each other's place
    np.testing.assert_array_equal(shipped.combination.log_odds(values), trees.log_odds(values))
    write_priors(tmp_path / "two", written, {MODEL.name: {}})
    path = tmp_path / "two" / f"{MODEL.name}.reference.json"
    changed = json.loads(path.read_text())
    changed["ranks"]["counts"][0][0] += 1
    path.write_text(json.dumps(changed))
    with pytest.raises(ArtefactRefused, match="expected SHA-256"):
        load_prior(MODEL.name, tmp_path / "two")


def test_operators_read_the_reference_only_without_peers(learned):
    """Beside at least MIN_ENTITIES operators its inputs are unknown, and with fewer they are read.

    Own verdicts compare operators with their own nights in another way, which reads it alike.
    """
    model = BY_NAME["operator_rank"]
    values = np.random.default_rng(1).random((2 * MIN_ENTITIES, len(model.columns)))
    bare = Combination(
        model.columns, (), (), reference=compare(signals_named(model.columns), values)
    )
    width = peer_width(signals_named(model.columns))
    tonight, few = bare.rebased_on(values), bare.rebased_on(values[: MIN_ENTITIES - 1])
    peers = tonight.peer_inputs(values)
    assert np.isfinite(peers).any(axis=1).all()
    for found in (tonight.inputs(values), bare.with_reference(peers, values)):
        assert np.isnan(found[:, width:]).all()
    assert np.isnan(few.inputs(values)[:, :width]).all()
    assert np.isfinite(few.inputs(values)[:, width:]).any()
    sessions = learned.combination.rebased_on(known(FRAMES[0])[0]).inputs(known(FRAMES[0])[0])
    assert np.isfinite(sessions[:, PEERS:]).any()

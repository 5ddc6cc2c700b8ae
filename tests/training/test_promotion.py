"""The gate of models: rows that are not judged, overrides, and the first release."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from typer.testing import CliRunner

from features.engine.snapshot import Snapshot
from serving.cli.main import app
from serving.ledger.hash_chain import first_broken_line, read_records
from serving.scoring.nightly_models import load_champions
from tests.conftest import UNTIL
from training.dataset.operator_groups import operator_groups
from training.dataset.replay import Replay, replay_dataset
from training.evaluation.attack_cost import AttackPrices
from training.evaluation.comparison import (
    ComparisonRow,
    PromotionCriteria,
    compare_share,
    not_applicable,
)
from training.models.registry import BY_NAME
from training.promote import NotPromoted, Override, attack_cost_rows, compare, promote
from training.release.artefact import load, released_prior
from training.release.store import SHIPPED_PRIOR, challengers, champions, set_champion
from training.train import train

NAME = "session_inflation"
CRITERIA = PromotionCriteria(0.0, -0.02, 0.05, 30, AttackPrices(0.49, 0.00018, 2.0), 0.5)
runner = CliRunner()


def a_row(holds: bool, judged: bool) -> ComparisonRow:
    return ComparisonRow("group new: honest spared", 4, 0.5, 0.5, 0, 0, holds, "why", judged)


@pytest.fixture(scope="module")
def first(tiny, tmp_path_factory):
    """A folder with the first release of one model, trained two days before the newest verdicts."""
    folder = tmp_path_factory.mktemp("first") / "models"
    train(tiny, folder, UNTIL - timedelta(days=2), [NAME])
    return folder


@pytest.fixture
def rivals(first, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(first, folder, ignore=shutil.ignore_patterns("mlruns"))
    return folder


def test_a_first_release_waits_and_the_prior_serves(first):
    """Until it is promoted the pointer names the shipped prior, and nights load that."""
    assert champions(first) == {NAME: SHIPPED_PRIOR} and set(challengers(first)) == {NAME}
    prior = released_prior(NAME)
    assert prior is not None and load(first, NAME).version == prior.version
    assert load_champions(first)[NAME].version == prior.version


def test_a_first_release_is_compared_with_the_prior(rivals, tiny):
    """The gate scores prior and release on the verdicts received since the training."""
    done = promote(tiny, rivals, NAME, UNTIL, CRITERIA)
    assert done.former.startswith("prior-") and done.rows[0].what.startswith("matured verdicts")
    assert not done.is_promoted and champions(rivals) == {NAME: SHIPPED_PRIOR}


def test_a_small_slice_is_not_judged_and_not_dropped():
    """Four verdicts where thirty are needed leave a row that neither holds nor fails."""
    right = (np.ones(4, dtype=bool), np.zeros(4, dtype=bool))
    row = compare_share("group new: honest spared", right, np.ones(4), CRITERIA)
    assert (row.judged, row.holds, row.fails, row.rows) == (False, False, False, 4)
    assert row.why == "not judged: needs 30 verdicts, has 4"


def test_every_slice_and_typology_has_a_row(rivals, tiny):
    """Groups, look-alikes and the model's typologies have rows, however few verdicts they have."""
    pair = load(rivals, NAME), load(rivals, NAME, challengers(rivals)[NAME])
    early = replace(pair[0], manifest={"until": (UNTIL - timedelta(days=9)).isoformat()})
    rows = compare(tiny, (early, replace(pair[1], manifest=early.manifest)), UNTIL, CRITERIA)
    names = [r.what for r in rows]
    assert len(names) == len(set(names))
    for start in ("group new", "group small", "group region", "group category", "look-alike raided",
                  "look-alike boosted", "look-alike virtual host"):  # fmt: skip
        assert any(n.startswith(start) for n in names), start
    assert {f"attack cost, {t}: CNY for one missed case" for t in BY_NAME[NAME].typologies} <= set(
        names
    )
    assert all(r.judged or r.why.startswith("not judged: needs") for r in rows)


def test_entities_without_a_price_say_so_and_ask_for_nothing(tiny):
    """Operators are not bought by the piece: one row says so, and needs no override."""
    tables = Snapshot.open(tiny, UNTIL)
    model = BY_NAME["operator_rank"]
    data = replay_dataset(Replay(tiny, UNTIL, operator_groups(tables)), BY_NAME["order_brushing"])
    flagged = (np.ones(len(data), dtype=bool),) * 2
    (row,) = attack_cost_rows(tables, model, data, flagged, CRITERIA)
    assert row.why == "does not apply: operators have no price of their own"
    assert not (row.fails or row.is_open or row.holds)


def test_without_a_price_in_the_policy_nothing_is_judged(rivals, tiny):
    """A policy that names no prices leaves the attacker's rows open, not passed."""
    tables, model = Snapshot.open(tiny, UNTIL), BY_NAME["order_brushing"]
    data = replay_dataset(Replay(tiny, UNTIL, operator_groups(tables)), model)
    flagged = (np.ones(len(data), dtype=bool),) * 2
    priceless = replace(CRITERIA, prices=AttackPrices(*[float("nan")] * 3), least_rows=1)
    rows = attack_cost_rows(tables, model, data, flagged, priceless)
    assert rows and all(r.is_open and "confirmed cases with a cost" in r.why for r in rows)
    assert any(r.judged for r in attack_cost_rows(
        tables, model, data, flagged, replace(CRITERIA, least_rows=1)
    ))  # fmt: skip


def test_without_later_verdicts_every_kind_of_row_is_listed(rivals, tiny):
    """Where no verdict came after the training, slices and costs are one row that is open."""
    pair = load(rivals, NAME), load(rivals, NAME, challengers(rivals)[NAME])
    late = replace(pair[1], manifest={"until": (UNTIL + timedelta(days=9)).isoformat()})
    rows = compare(tiny, (replace(pair[0], manifest=late.manifest), late), UNTIL, CRITERIA)
    assert [r.is_open for r in rows] == [True] * 3
    assert rows[-1].what == "groups, look-alikes and attack costs"


@pytest.mark.parametrize(
    ("row", "override", "passes"),
    [
        (a_row(True, True), None, True),
        (a_row(False, False), None, False),
        (a_row(False, False), Override("dana", "the region is new"), True),
        (a_row(False, True), Override("dana", "the region is new"), False),
        (not_applicable("attack cost", "views have no price of their own"), None, True),
    ],
    ids=["all hold", "not judged", "not judged, overridden", "failed, overridden", "no price"],
)
def test_what_an_override_lets_pass(row, override, passes, rivals, tiny, monkeypatch):
    """An override lets rows pass that are not judged, and never one that failed."""
    monkeypatch.setattr("training.promote.compare", lambda *_: [a_row(True, True), row])
    done = promote(tiny, rivals, NAME, UNTIL, CRITERIA, override)
    assert done.is_promoted is passes and (champions(rivals)[NAME] == done.version) is passes
    assert (done.override is not None) is (passes and row.is_open)
    assert done.obstacle is (None if passes else row)


def test_an_override_needs_a_person_and_a_reason(rivals, tiny):
    """Neither an empty reason nor an empty name overrides."""
    for given in (Override("", "a reason"), Override("dana", " ")):
        with pytest.raises(NotPromoted, match="a person and a reason"):
            promote(tiny, rivals, NAME, UNTIL, CRITERIA, given)


def test_the_command_keeps_each_promotion(rivals, tiny, monkeypatch):
    """`steelyard promote --override` writes rows, person and reason to a chained file."""
    monkeypatch.setattr("training.promote.compare", lambda *_: [a_row(False, False)])
    command = ["promote", str(tiny), "--models", str(rivals), "--model", NAME]
    refused = runner.invoke(app, command)
    assert refused.exit_code == 14 and not (rivals / "promotions.jsonl").exists()
    assert "--override REASON" in refused.output
    command += ["--override", "the region is new", "--by", "dana", "--json"]
    done = runner.invoke(app, command)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)[0]["judged"] is False
    record = read_records(rivals / "promotions.jsonl")[0]
    assert record["override"] == {"by": "dana", "reason": "the region is new"}
    assert record["rows"][0]["what"] == "group new: honest spared"
    assert first_broken_line(rivals / "promotions.jsonl") is None


def test_a_pointer_to_the_prior_follows_the_package(rivals):
    """`prior` names the prior that is installed, whatever its version."""
    set_champion(rivals, NAME, SHIPPED_PRIOR)
    assert load(rivals, NAME).is_prior

"""Claims about the record: every tampering is found, a night replays bit for bit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.runs import published_runs as nights
from data_contracts.runs import run_folder
from serving.ledger.decisions import record_night
from serving.ledger.verification import verify_decisions
from serving.nightly.replay import replay
from serving.nightly.what_if import what_if
from serving.policy.load import load_policy
from tests.conftest import NIGHT
from tests.data_contracts.verification.records import publish_again

STEELYARD = str(Path(sys.executable).with_name("steelyard"))
POLICY = load_policy()
NOW = datetime(2026, 1, 22, 9)


@pytest.fixture
def lake(published, tmp_path):
    copy = tmp_path / "lake"
    shutil.copytree(published, copy, ignore=shutil.ignore_patterns("online"))
    return copy


def lines(lake):
    return (lake / "journal" / "decisions.jsonl").read_text("utf-8").splitlines()


def write(lake, kept):
    (lake / "journal" / "decisions.jsonl").write_text("".join(x + "\n" for x in kept), "utf-8")


def test_a_published_night_is_recorded_once_and_stands(lake):
    """A published night is recorded once and stands."""
    decisions = sum(
        pq.read_table(lake / "runs" / run / "tier_decisions.parquet").num_rows
        for run in nights(lake).values()
    )
    assert len(lines(lake)) == decisions and verify_decisions(lake) == []
    again = record_night(Lake(lake), run_folder(lake).name, NIGHT, run_folder(lake))
    assert len(lines(lake)) == decisions and again["lines"] == decisions


def test_an_edited_line_is_found(lake):
    """An edited line is found."""
    kept = lines(lake)
    one = json.loads(kept[3])
    kept[3] = json.dumps(
        one | {"tier": "D" if one["tier"] == "A" else "A"}, sort_keys=True, ensure_ascii=False
    )
    write(lake, kept)
    assert verify_decisions(lake)[0].line == 4


@pytest.mark.parametrize(
    ("name", "tamper", "line"),
    [
        ("removed", lambda x: x[:5] + x[6:], 6),
        ("moved", lambda x: [*x[:2], x[3], x[2], *x[4:]], 3),
        ("added", lambda x: [*x, x[-1]], None),
        ("not JSON", lambda x: [*x[:7], "{", *x[8:]], 8),
    ],
)
def test_a_line_that_is_removed_moved_added_or_spoilt_is_found(lake, name, tamper, line):
    """A line that is removed, moved, added or spoilt is found."""
    kept = tamper(lines(lake))
    write(lake, kept)
    found = verify_decisions(lake)
    assert found and found[0].line == (line or len(kept))


def test_a_record_cut_at_its_end_is_found_and_so_is_one_cut_with_its_heads(lake):
    """A record cut at its end is found, with or without its heads."""
    write(lake, lines(lake)[:-1])
    assert "truncated" in verify_decisions(lake)[0].what
    write(lake, [])
    (lake / "journal" / "heads.jsonl").write_text("", "utf-8")
    assert any(
        "truncated" in f.what for f in verify_decisions(lake)
    )  # the heads beside the runs are still there


def test_a_published_file_that_was_changed_is_found(lake):
    """A published file that was changed is found."""
    path = run_folder(lake) / "scores.parquet"
    table = pq.read_table(path).to_pandas()
    pq.write_table(pq.read_table(path).slice(0, len(table) - 1), path)
    assert [f.file for f in verify_decisions(lake)] == [
        f"runs/{run_folder(lake).name}/scores.parquet"
    ]


def test_a_night_is_replayed_bit_for_bit(lake, models):
    """A night is replayed, bit for bit."""
    found = replay(lake, NIGHT, models, POLICY)
    assert (
        found.stands
        and found.decisions == pq.read_table(run_folder(lake) / "tier_decisions.parquet").num_rows
    )


def test_heads_kept_with_the_models_tell_of_a_record_rewritten_whole(lake, models, tmp_path):
    """The chain, its heads and those beside the runs are all made to fit: inside the lake
    nothing is wrong any more."""
    from benchmarks.decisions.tampering import _rewritten
    from serving.ledger.decisions import recorded_heads
    from training.release.tracking import checkpoint, checkpoints

    kept = recorded_heads(lake)
    for night, head in kept.items():
        checkpoint(tmp_path, night, head)
    assert checkpoints(tmp_path) == kept
    _rewritten(lake, kept)
    assert verify_decisions(lake) == [] and recorded_heads(lake) != checkpoints(tmp_path)


def test_a_night_of_other_code_is_not_replayed_but_told_apart(lake, models, monkeypatch):
    """A night of other code is not replayed, and named as such."""
    monkeypatch.setattr("serving.nightly.replay.sources_digest", lambda: "0" * 64)
    with pytest.raises(LakeProblem, match="computed by other code"):
        replay(lake, NIGHT, models, POLICY)


def test_one_decision_is_replayed_by_its_name(lake, models):
    """One decision is replayed by its name."""
    operator = pq.read_table(run_folder(lake) / "tier_decisions.parquet")["operator_id"][0].as_py()
    assert replay(lake, NIGHT, models, POLICY, operator=operator).decision.endswith(
        "the same bit for bit"
    )
    with pytest.raises(LakeProblem, match="decided nothing"):
        replay(lake, NIGHT, models, POLICY, operator="nobody")


@pytest.mark.parametrize("said", ["@2026-01-25", "o123"])
def test_decision_without_operator_or_night_is_refused(lake, said):
    """A decision without its operator or night is not taken for a whole night."""
    done = subprocess.run(
        [STEELYARD, "replay", str(lake), said], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "write OPERATOR@DATE" in done.stderr


def test_a_replay_says_which_table_differs(lake, models):
    """A replay names the table that differs."""
    path = run_folder(lake) / "tier_decisions.parquet"
    table = pq.read_table(path).to_pandas()
    table.loc[0, "influence"] = 0.123
    pq.write_table(pq.read_table(path).slice(0, 0).from_pandas(table, preserve_index=False), path)
    assert replay(lake, NIGHT, models, POLICY).differ == ["tier_decisions.parquet"]


def test_a_replay_wants_the_policy_models_and_night_of_the_day(lake, models):
    """A replay needs the policy, models and night of the day."""
    with pytest.raises(LakeProblem, match="not by the one given"):
        replay(lake, NIGHT, models, replace(POLICY, sha256="0" * 64))
    with pytest.raises(LakeProblem, match=r"no night of .* is published"):
        replay(lake, NIGHT + timedelta(days=300), models, POLICY)
    with pytest.raises(LakeProblem, match="--models"):
        replay(lake, NIGHT, None, POLICY)


def test_the_policy_in_force_moves_nobody_and_a_stricter_one_does(lake):
    """The policy in force moves no operator, and a stricter one does."""
    assert what_if(lake, NIGHT, NIGHT, POLICY).empty
    strict = replace(POLICY, tiers=replace(POLICY.tiers, review_precision=0.0, capacity_B=1.0))
    moved = what_if(lake, NIGHT, NIGHT, strict)
    assert len(moved) and set(moved["would_be"]) == {"B"} and set(moved["tier"]) == {"A"}


def test_the_first_night_of_a_what_if_stands_on_the_night_before(lake):
    """An operator that the night before put into C stays there until its clean period is over."""
    run = run_folder(lake)
    tiers = pq.read_table(run / "tier_decisions.parquet").to_pandas().set_index("operator_id")
    ordinary = tiers.index[tiers["tier"] == "A"][0]
    before = lake / "runs" / json.loads((run / "manifest.json").read_text("utf-8"))["before"]
    path = before / "tier_decisions.parquet"
    table = pq.read_table(path)
    frame = table.to_pandas()
    frame.loc[frame["operator_id"] == ordinary, "tier"] = "C"
    pq.write_table(table.slice(0, 0).from_pandas(frame, preserve_index=False), path)
    publish_again(lake, before.name, min(nights(lake)))
    moved = what_if(lake, NIGHT, NIGHT, POLICY)
    assert moved[["operator_id", "tier", "would_be"]].values.tolist() == [[ordinary, "A", "C"]]

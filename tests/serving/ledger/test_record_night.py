"""Recording a night: repeated after any interruption it completes, and nothing is doubled."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_contracts import runs
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.ledger.decisions import DECISION_COLUMNS, record_night
from serving.ledger.hash_chain import LedgerDamaged
from serving.ledger.verification import require_lake, verify_decisions

NIGHT, NEXT = date(2026, 1, 20), date(2026, 1, 21)


def run_folder(lake, run_id, operators=5):
    """A run folder with tier decisions and a manifest."""
    folder = lake.run(run_id)
    folder.mkdir(parents=True)
    rows = [{c: f"{c}{i}" for c in DECISION_COLUMNS} for i in range(operators)]
    pq.write_table(pa.Table.from_pandas(pd.DataFrame(rows)), folder / "tier_decisions.parquet")
    (folder / "manifest.json").write_text(json.dumps({"run_id": run_id}))
    return folder


@pytest.fixture
def lake(tmp_path):
    one = Lake(tmp_path / "lake")
    publish(one, "a" * 16, NIGHT)
    return one


def publish(lake, run_id, night):
    folder = lake.run(run_id) if lake.run(run_id).is_dir() else run_folder(lake, run_id)
    record_night(lake, run_id, night, folder, rewritten=True)
    runs.publish(lake, run_id, night)


def test_a_recording_cut_at_any_byte_is_completed_by_its_night(lake):
    """The same night completes lines and head; the bytes are those of an undisturbed recording."""
    folder = run_folder(lake, "b" * 16)
    before = (lake.decisions.read_bytes(), lake.decision_heads.read_bytes())
    record_night(lake, "b" * 16, NEXT, folder)
    runs.publish(lake, "b" * 16, NEXT)
    whole = (lake.decisions.read_bytes(), lake.decision_heads.read_bytes())
    second = lake.run_heads / f"{'b' * 16}.json"
    states = [(cut, len(before[1])) for cut in range(len(before[0]), len(whole[0]), 131)]
    states += [(len(whole[0]), cut) for cut in range(len(before[1]), len(whole[1]), 67)]
    for decisions_cut, heads_cut in states:
        lake.decisions.write_bytes(whole[0][:decisions_cut])
        lake.decision_heads.write_bytes(whole[1][:heads_cut])
        second.unlink()
        assert verify_decisions(lake)
        record_night(lake, "b" * 16, NEXT, folder)
        assert (lake.decisions.read_bytes(), lake.decision_heads.read_bytes()) == whole
        assert verify_decisions(lake) == []


def test_lines_of_a_night_that_was_never_recorded_are_set_aside(lake):
    """Another night follows an interrupted one: its lines are kept apart, and none is counted."""
    kept = lake.decisions.read_bytes()
    record_night(lake, "c" * 16, NEXT, run_folder(lake, "c" * 16))
    lines = lake.decisions.read_bytes()[len(kept) :]
    head = lake.decision_heads.read_bytes().splitlines(keepends=True)
    lake.decision_heads.write_bytes(head[0])
    (lake.run_heads / f"{'c' * 16}.json").unlink()
    lake.decisions.write_bytes(kept + lines[: len(lines) // 2])
    publish(lake, "d" * 16, NEXT)
    assert verify_decisions(lake) == []
    aside = list(lake.journal.glob("decisions.jsonl.*-*"))
    assert len(aside) == 2 and sum(len(p.read_bytes()) for p in aside) == len(lines) // 2


def test_doubled_decisions_are_found(lake):
    """An earlier version recorded a night twice when it was killed before its head."""
    lines = lake.decisions.read_text().splitlines()
    bodies = [json.loads(line) for line in lines]
    from serving.ledger.hash_chain import record_line, seal_record

    digest, out = bodies[-1]["sha256"], b""
    for body in bodies:
        row = {k: v for k, v in body.items() if k not in ("previous_sha256", "sha256")}
        sealed = seal_record(row, digest)
        digest, out = sealed["sha256"], out + record_line(sealed)
    lake.decisions.write_bytes(lake.decisions.read_bytes() + out)
    head = json.loads(lake.decision_heads.read_text())
    kept = {k: v for k, v in head.items() if k not in ("previous_sha256", "sha256")}
    doubled = seal_record(kept | {"lines": 10, "head": digest}, "0" * 64)
    lake.decision_heads.write_bytes(record_line(doubled))
    (lake.run_heads / f"{'a' * 16}.json").write_text(json.dumps(doubled))
    assert any("again; it stands 2 times" in f.what for f in verify_decisions(lake))


def test_nights_that_are_only_published_or_only_recorded_are_found(lake):
    """Nights that are published or recorded alone are found."""
    runs.publish(lake, "e" * 16, NEXT)
    assert "which is published" in verify_decisions(lake)[0].what
    lake.published_pointer.write_text(json.dumps({NIGHT.isoformat(): "f" * 16}))
    assert f"and {'f' * 16} is published" in verify_decisions(lake)[0].what
    lake.published_pointer.write_text("{}")
    assert "which was not published" in verify_decisions(lake)[0].what


def test_a_run_published_again_after_another_is_recorded_last(lake):
    """The night's inputs were put back: no line is doubled, and the newest head is its run's."""
    lines = lake.decisions.read_bytes().count(b"\n")
    publish(lake, "b" * 16, NIGHT)
    publish(lake, "a" * 16, NIGHT)
    assert lake.decisions.read_bytes().count(b"\n") == 2 * lines and verify_decisions(lake) == []


def test_a_published_run_whose_files_were_tampered_gets_no_new_head(lake):
    """Only files that were just computed again may be recorded again."""
    (lake.run("a" * 16) / "manifest.json").write_text("{}")
    record_night(lake, "a" * 16, NIGHT, lake.run("a" * 16))
    assert [f.file for f in verify_decisions(lake)] == [f"runs/{'a' * 16}/manifest.json"]


def test_nothing_is_recorded_after_a_ledger_that_was_cut(lake):
    """Nothing is recorded after a ledger that was cut."""
    lake.decisions.write_bytes(lake.decisions.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(LedgerDamaged, match="does not reach its head"):
        record_night(lake, "b" * 16, NEXT, run_folder(lake, "b" * 16))


def test_a_folder_that_is_no_lake_is_refused(tmp_path, lake):
    """A folder that is no lake is refused."""
    require_lake(lake)
    with pytest.raises(LakeProblem, match="is no lake"):
        require_lake(Lake(tmp_path))

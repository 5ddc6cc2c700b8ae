"""A disk that takes half of a write: what it counts, what it cuts, and what an attack finds."""

from __future__ import annotations

import errno
import os
import shutil

import pyarrow as pa
import pytest

from benchmarks.harness.injection import run_in_child
from benchmarks.reliability import disk_faults
from benchmarks.reliability.attack import Scale
from benchmarks.reliability.disk.order_night import OrderNight, digests
from benchmarks.reliability.disk.short_writes import ShortWritingDisk, counted_writes
from data_contracts import parquet
from data_contracts.lake import Lake
from data_contracts.storage import durable_files
from serving.ledger import decisions


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A night that is computed once."""
    return OrderNight(tmp_path_factory.mktemp("night"))


def test_every_file_that_a_night_leaves_was_counted(night):
    """No library writes a file of a night past the disk, so that each write can be cut."""
    made = digests(Lake(night.folder / "first")).keys() - digests(night.delivered).keys()
    counted = {w.name.removeprefix(".").split(".")[0] for w in night.writes}
    assert {n.rpartition("/")[2].split(".")[0] for n in made} <= counted
    assert len(made) > 30 and any(w.by_arrow for w in night.writes)


def test_a_slice_of_the_attack_finds_nothing(night, monkeypatch):
    """Calls are refused and writes are cut, of nights, of their recording and of answers."""
    monkeypatch.setattr(disk_faults, "OrderNight", lambda folder: night)
    rows = {r["id"]: r for r in disk_faults.rows(Scale.SMALL)}
    assert [r for r in rows.values() if not r["holds"]] == []
    kinds = ("tables", "other files of a night", "a recording", "answers")
    assert all(kind in rows["disk_faults-halves"]["what"] for kind in kinds)


def write_text(path):
    path.write_text("a" * 1000, "utf-8")


def write_durably(path):
    durable_files.write_durably(path, b"a" * 1000)


def append_durably(path):
    durable_files.append_durably(path, b"a" * 1000)


def write_table(path):
    parquet.write_file(path, pa.table({"a": list(range(1000)), "b": ["x"] * 1000}))


@pytest.mark.parametrize("write", [write_text, write_durably, append_durably, write_table])
def test_half_of_any_write_is_taken_and_the_rest_refused(write, tmp_path):
    """Each write of each kind of file can be cut; the caller is told, and a whole file is none."""
    (tmp_path / "whole").mkdir()
    writes = counted_writes(tmp_path, lambda: write(tmp_path / "whole" / "x"))
    whole = (tmp_path / "whole" / "x").read_bytes()
    assert writes
    for cut in writes:
        path = tmp_path / f"cut-{cut.number}" / "x"
        path.parent.mkdir()

        def on_the_disk(path=path, cut=cut):
            with ShortWritingDisk(path.parent, cut).mounted():
                write(path)

        outcome = run_in_child(on_the_disk)
        refused = "File too large" if cut.by_arrow else os.strerror(errno.ENOSPC)
        assert refused in outcome.error and not outcome.traceback
        assert not path.exists() or len(path.read_bytes()) < len(whole)


def test_a_short_write_that_is_taken_for_a_whole_one_is_found(monkeypatch, tmp_path):
    """Lines that are written without looking at how many bytes were taken are lost or broken."""

    def append_once(path, data):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        os.write(handle, data)
        os.close(handle)

    monkeypatch.setattr(decisions, "append_durably", append_once)
    found = disk_faults.Refusals()
    disk_faults._cut_recordings(found, tmp_path, 1)
    assert any("the rest is taken" in fault for fault in found.night.broken)


def test_a_night_that_leaves_a_part_or_another_file_is_found(night, tmp_path):
    """Parts of a night that was stopped, and published files that differ, are named."""
    lake = Lake(tmp_path / "lake")
    shutil.copytree(night.folder / "first", lake.root)
    name = next(n for n in night.expected if n.endswith("policy.toml"))
    (lake.root / name).write_bytes(b"half")
    (lake.runs / ".scores.writing").write_bytes(b"half")
    found = night.faults(lake)
    assert "left runs/.scores.writing" in found and f"another {name}" in found

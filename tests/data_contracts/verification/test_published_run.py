"""An edited, swapped, cut, missing or added file of a night is refused wherever it is read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import steelyard
from data_contracts.errors import LakeProblem, NightRefused
from data_contracts.lake import Lake
from data_contracts.runs import published_run, published_runs, read_outbound
from data_contracts.verification.manifest import FORMAT, MANIFEST, files_below, write_manifest
from data_contracts.verification.published_run import Assurance, UnverifiedNight
from data_contracts.verification.run_opening import open_run
from features.former_names import read_night
from serving.gate.night_cache import read_published_night
from serving.ledger.verification import verify_decisions
from serving.nightly.what_if import what_if
from serving.policy.load import load_policy
from serving.scoring.scope import nights_before
from serving.supervision.previous_night import previous_decisions
from tests.conftest import NIGHT
from tests.data_contracts.verification.records import publish_again, rewrite_head, write_formerly

DAY = NIGHT.isoformat()
NOT_NEEDED = ("views", "interactions", "online", "room_minutes", "accounts")


@pytest.fixture(scope="module")
def kept(published, tmp_path_factory) -> Path:
    """The published lake without its largest inbound tables."""
    lake = tmp_path_factory.mktemp("kept") / "lake"
    shutil.copytree(published, lake, ignore=shutil.ignore_patterns(*NOT_NEEDED))
    return lake


@pytest.fixture
def lake(kept, tmp_path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(kept, tmp_path / "lake"))


def folder_of(lake: Path, night: str = DAY) -> Path:
    return lake / "runs" / published_runs(lake)[night]


def with_other_tiers(path: Path) -> None:
    """Write every tier of a table as A, in a file that is as good as the one before."""
    table = pq.read_table(path)
    at = table.column_names.index("tier")
    field = table.schema.field(at)
    pq.write_table(table.set_column(at, field, pa.array(["A"] * len(table), field.type)), path)


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def swap(path: Path) -> None:
    shutil.copyfile(path.with_name("credit.parquet"), path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def link(path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere.parquet"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def test_a_night_names_all_its_files_and_what_its_id_is_made_of(kept):
    """Each file has digest, size and rows; the id is the digest of the inputs."""
    run = published_run(kept).verify()
    names = set(files_below(run.folder)) - {MANIFEST}
    assert set(run.files) == names and {"report.html", "policy.toml", "runs.parquet"} <= names
    assert run.files["runs.parquet"].rows == 1 and run.manifest["format"] == FORMAT
    assert run.assurance is Assurance.VERIFIED and run.manifest["identity"]["date"] == DAY
    before = open_run(Lake(kept), run.manifest["before"])
    assert run.manifest["identity"]["before_manifest"] == before.reproducible_sha256


READERS = {
    "gate": lambda lake: read_published_night(lake),
    "show": lambda lake: read_night(lake, "tier_decisions"),
    "door": lambda lake: steelyard.open_lake(lake).night().tiers,
    "previous night": lambda lake: previous_decisions(published_run(lake)),
    "what-if": lambda lake: what_if(lake, NIGHT, NIGHT, load_policy()),
    "nights before": lambda lake: nights_before(Lake(lake), published_runs(lake)[DAY])[0].rows(
        "tier_decisions"
    ),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("damage", [with_other_tiers, flip, swap, cut, link, Path.unlink])
def test_a_damaged_table_is_refused_by_every_reader(lake, reader, damage):
    """D becomes A in Parquet, a bit turns, a file is swapped, cut, linked or gone: all refused."""
    damage(folder_of(lake) / "tier_decisions.parquet")
    with pytest.raises(NightRefused, match=r"tier_decisions\.parquet.*steelyard nightly"):
        READERS[reader](lake)


def test_other_files_of_a_night_are_covered_too(lake):
    """Policy, peer snapshots, report and a file that was added."""
    folder = folder_of(lake)
    for name in ("policy.toml", "yardsticks.json", "report.html"):
        body = (folder / name).read_bytes()
        (folder / name).write_bytes(body.replace(b"0", b"1", 1))
        with pytest.raises(NightRefused, match=name):
            published_run(lake).verify()
        (folder / name).write_bytes(body)
    (folder / "extra.parquet").write_bytes((folder / "runs.parquet").read_bytes())
    with pytest.raises(NightRefused, match=r"extra\.parquet: expected no such file"):
        published_run(lake)


def test_a_manifest_made_anew_is_refused(lake):
    """Digests that fit an edited table do not fit the record."""
    folder = folder_of(lake)
    with_other_tiers(folder / "tier_decisions.parquet")
    write_manifest(folder, json.loads((folder / MANIFEST).read_text("utf-8")))
    with pytest.raises(NightRefused, match=r"manifest\.json: expected SHA-256 .* as recorded"):
        read_outbound(lake, "tier_decisions")
    rewrite_head(lake, folder.name, lambda head: head | {"lines": 1}, reseal=False)
    with pytest.raises(NightRefused, match="does not fit its own digest"):
        read_outbound(lake, "tier_decisions")


def test_a_run_of_the_later_format_is_no_former_run(lake):
    """Without files, format, or its line of the record a run is refused, not read unverified."""
    folder, heads = folder_of(lake), lake / "journal" / "heads.jsonl"
    manifest, lines = (folder / MANIFEST).read_text("utf-8"), heads.read_text("utf-8")
    former = {k: v for k, v in json.loads(manifest).items() if k not in ("files", "format")}
    (folder / MANIFEST).write_text(json.dumps(former), "utf-8")
    with pytest.raises(NightRefused, match="as recorded"):
        published_run(lake)
    (folder / MANIFEST).write_text(manifest, "utf-8")
    heads.write_text(lines.splitlines(keepends=True)[0], "utf-8")
    with pytest.raises(NightRefused, match="truncated"):
        published_run(lake)
    (lake / "runs" / ".heads" / f"{folder.name}.json").unlink()
    with pytest.raises(NightRefused, match="did not end"):
        published_run(lake)


def test_an_edited_pointer_or_a_renamed_run_is_refused(lake):
    """A date points to no other run, no other folder and no place outside of the lake."""
    runs = published_runs(lake)
    pointer, first = lake / "runs" / "published.json", min(runs)
    for run_id, words in (
        (runs[first], f"expected the night of {DAY}, found that of {first}"),
        ("../../elsewhere", "is not below"),
        ("0" * 16, "deleted by retention, or lost"),
    ):
        pointer.write_text(json.dumps({DAY: run_id}), "utf-8")
        with pytest.raises(LakeProblem, match=words):
            published_run(lake)
    folder_of_first = lake / "runs" / runs[first]
    folder_of_first.rename(lake / "runs" / ("0" * 16))
    with pytest.raises(NightRefused, match=f"expected run {'0' * 16}"):
        published_run(lake)
    for text in ("{", "[]", '{"2026-01-20": 7}', '{"today": "x"}', "[" * 9000):
        pointer.write_text(text, "utf-8")
        with pytest.raises(LakeProblem, match=r"published\.json"):
            published_run(lake)


def test_a_run_published_again_stands_with_a_new_head(lake):
    """The record takes a head without decisions, and stays whole."""
    folder = folder_of(lake)
    (folder / "report.html").write_text("another page", "utf-8")
    publish_again(lake, folder.name, DAY)
    assert published_run(lake).verify().text("report.html") == "another page"
    assert verify_decisions(lake) == []


def test_a_night_of_an_earlier_format_is_read_and_said_to_be_unverified(lake):
    """Its tables are verified by the record; what the record does not name is said."""
    folder = folder_of(lake)
    write_formerly(lake, folder.name)
    with pytest.warns(UnverifiedNight, match="tables only of it is verified"):
        assert len(read_outbound(lake, "tier_decisions"))
    flip(folder / "scores.parquet")
    with pytest.warns(UnverifiedNight), pytest.raises(NightRefused, match=r"scores\.parquet"):
        read_outbound(lake, "scores")

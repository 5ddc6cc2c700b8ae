"""From messy exports to a first night that says something, by the commands of the page alone."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from data_contracts.runs import published_run
from serving.cli.main import app
from serving.gate.assessments.gaps import degrading, holds, not_looked_at
from serving.gate.decision import gaps_of
from serving.gate.night_cache import read_published_night
from serving.policy.load import load_policy
from tests.data_contracts.intake.messy_exports import (
    ANCHORS,
    FIRST_ORDER,
    ORDERS,
    write_exports,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "your-own-tables.md"
runner = CliRunner()


def commands() -> list[str]:
    """Shell commands of the page, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return "".join(blocks).splitlines()


def run(command: str, code: int = 0) -> str:
    """Run a command of the page; returns what it prints, or its error."""
    words = shlex.split(command)
    if words[0] != "steelyard":
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout
    done = runner.invoke(app, words[1:])
    assert (done.exit_code == 0) == (code == 0), done.output + repr(done.exception)
    return done.output if code == 0 else str(done.exception)


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """The commands of the page run in order on messy exports; what each of them printed."""
    folder = tmp_path_factory.mktemp("company")
    written = write_exports(folder / "exports")
    with contextlib.chdir(folder):
        said = {}
        for command in commands():
            if command.startswith("sed"):
                said["refused"] = run("steelyard ingest --map map.yaml lake", code=1)
            said[command.split()[1]] = run(command)
        said["again"] = run("steelyard ingest --map map.yaml lake --json")
    return folder, folder / "lake", written, said


def test_open_questions_stop_before_a_row_is_written(story):
    """Arrival is asked for each source, with a guess and its reason."""
    _, _, _, said = story
    assert said["refused"].count("received_at") == 3
    assert "event_time" in said["refused"] and "yes" in said["refused"]


def test_every_row_is_written_or_set_aside(story):
    """Rows read are rows written and rows set aside, and a second ingestion changes nothing."""
    _, lake, written, said = story
    counts = {t["table"]: t for t in json.loads(said["again"])}
    assert {t: (c["unchanged"], c["set_aside"]) for t, c in counts.items()} == {
        "sessions": (written.sessions, 0),
        "orders": (written.orders, 2),
        "room_minutes": (written.minutes, 0),
        "reviews": (written.reviews, 1),
    }
    stored = {
        t: sum(pq.read_metadata(f).num_rows for f in (lake / t).rglob("*.parquet")) for t in counts
    }
    assert stored == {t: c["unchanged"] for t, c in counts.items()}
    assert all(c["added"] == c["replaced"] == 0 for c in counts.values())
    assert "orders: set aside, lost_digits: 1 row" in said["ingest"]


def test_values_are_what_the_exports_meant(story):
    """Ids keep 19 digits, local times are UTC, cents are yuan."""
    folder, lake, _, _ = story
    line = (folder / "exports" / ORDERS).read_bytes().decode("gb18030").splitlines()[1].split(",")
    orders = pq.ParquetDataset(lake / "orders", partitioning=None).read().to_pandas()
    row = orders.set_index("order_id").loc[line[0]]
    assert int(line[0]) > FIRST_ORDER
    assert row["placed_at"] == datetime.fromisoformat(line[6]) - timedelta(hours=8)
    assert row["paid_amount"] == int(line[9]) / 100


def test_first_night_says_something(story):
    """The report names what was set aside, and every operator has figures and a tier."""
    _, lake, _, said = story
    assert "report.html" in said["nightly"]
    night = published_run(lake)
    tiers, scores = (night.rows(t) for t in ("tier_decisions", "scores"))
    assert len(tiers) == ANCHORS
    sessions = scores[scores["entity_kind"] == "session"]
    assert len(sessions) and sessions["probability"].notna().any()
    report = night.text("report/en/report.html")
    assert "lost_digits" in report and "no_json_object" in report


def test_missing_tables_are_named_everywhere(story):
    """What was not delivered is named by the command, the run, the report and the gate."""
    _, lake, _, said = story
    run = published_run(lake)
    found = json.loads(run.rows("runs").iloc[0]["suspicions"])
    missing = {s["table"] for s in found if s["kind"] == "not_delivered"}
    assert missing == {"views", "interactions"}
    assert "Suspicious, views: not delivered: single views are not assessed" in said["nightly"]
    assert "not delivered: single views are not assessed" in run.text("report/en/report.html")
    night = read_published_night(lake)
    assert set(night.delivery_gaps) >= {"views_not_delivered", "interactions_not_delivered"}
    gaps = gaps_of(night, load_policy(), night.as_of, ())
    assert not degrading(gaps) and not holds(gaps)
    assert {"views_not_delivered"} <= {n["code"] for n in not_looked_at(gaps)}

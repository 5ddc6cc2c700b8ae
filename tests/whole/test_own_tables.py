"""From a company's messy exports to a first night that says something, without a line of code."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from data_contracts.runs import published_run
from serving.cli.main import app
from tests.data_contracts.intake.messy_exports import (
    ANCHORS,
    DAYS,
    FIRST_DAY,
    FIRST_ORDER,
    ORDERS,
    write_exports,
)

LAST_SESSIONS = (FIRST_DAY + timedelta(days=DAYS - 1)).date()
runner = CliRunner()


def run(*arguments: str, code: int = 0) -> str:
    done = runner.invoke(app, list(arguments), catch_exceptions=True)
    assert done.exit_code == code, done.output + repr(done.exception)
    return done.output


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Exports are mapped, questions answered, rows ingested, and a night published."""
    folder = tmp_path_factory.mktemp("company")
    written = write_exports(folder / "exports")
    map_file, lake = folder / "map.yaml", folder / "lake"
    said = {"map": run("map", str(folder / "exports"), "-o", str(map_file))}
    refused = runner.invoke(app, ["ingest", "--map", str(map_file), str(lake)])
    said["refused"] = str(refused.exception)
    answered = re.sub(r"answer: *$", "answer: yes", map_file.read_text("utf-8"), flags=re.MULTILINE)
    map_file.write_text(answered, "utf-8")
    said["ingest"] = run("ingest", "--map", str(map_file), str(lake), "--json")
    said["again"] = run("ingest", "--map", str(map_file), str(lake))
    said["check"] = run("check", str(lake))
    said["nightly"] = run("nightly", str(lake), "--date", str(LAST_SESSIONS))
    return folder, lake, written, said


def test_open_questions_stop_before_a_row_is_written(story):
    """Arrival is asked for each source, with a guess and its reason."""
    _, _, _, said = story
    assert said["refused"].count("received_at") == 3
    assert "event_time" in said["refused"] and "yes" in said["refused"]


def test_every_row_is_written_or_set_aside(story):
    """Rows read are rows written and rows set aside, and a second ingestion changes nothing."""
    import json

    _, lake, written, said = story
    counts = {t["table"]: t for t in json.loads(said["ingest"])}
    assert {t: (c["added"], c["set_aside"]) for t, c in counts.items()} == {
        "sessions": (written.sessions, 0),
        "orders": (written.orders, 2),
        "room_minutes": (written.minutes, 0),
        "reviews": (written.reviews, 1),
    }
    stored = {
        t: sum(pq.read_metadata(f).num_rows for f in (lake / t).rglob("*.parquet")) for t in counts
    }
    assert stored == {t: c["added"] for t, c in counts.items()}
    assert "lost_digits" in said["again"]


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
    report = night.text("report.html")
    assert "lost_digits" in report and "no_json_object" in report

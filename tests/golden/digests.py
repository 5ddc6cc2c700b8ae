"""Digests of what a night publishes, by table and column, so that a move or a rename is shown to
change nothing.

`python -m tests.golden.digests LAKE MODELS` prints the digests of a lake with two published nights;
`--write` replaces the file that the test compares with.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from starlette.testclient import TestClient

from data_contracts.runs import published_runs
from serving.gate.api_keys import make_key
from serving.gate.http import gate_application, open_gate
from serving.nightly.replay import replay
from serving.policy.load import load_policy
from serving.scoring.scope import moment_of
from training.release.store import champions

FILE = Path(__file__).with_name("digests.json")
# The run id follows the text of the code, and so does what is drawn or named by it.
FOLLOWS_CODE = {"run_id", "catalogue_sha256"}
DRAWN_BY_RUN = {"audit_sample"}
MINUTES = [
    {
        "minute": m,
        "viewers": 20.0 + m % 3,
        "joins": 4.0,
        "leaves": 3.0,
        "comments": 2.0,
        "likes": 400.0,
    }
    for m in range(30)
]


def processor() -> str:
    """What decides the last bits of floats: trees that are taught on another processor differ."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    lines = sorted(
        {line for line in flags.splitlines() if line.startswith(("model name", "flags"))}
    )
    return f"{platform.machine()} {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:12]}"


def _digest(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()[:16]


def column_digest(values: pd.Series) -> str:
    """Digest of a column in the table's order, floats to the last bit."""
    if pd.api.types.is_float_dtype(values):
        return _digest(values.to_numpy(dtype="float64").tobytes())
    return _digest("\x1f".join("" if v is None else str(v) for v in values.tolist()))


def tables_of(folder: Path) -> dict[str, dict[str, str]]:
    """Digests of one published night: table → column → digest."""
    out = {}
    for path in sorted(folder.glob("*.parquet")):
        if path.stem in DRAWN_BY_RUN:
            continue
        frame = pq.read_table(path).to_pandas()
        if path.stem == "scores":  # the anomaly score's version is the digest of the catalogue
            frame["model_version"] = frame["model_version"].where(frame["model"] != "deviance", "")
        out[path.stem] = {"rows": str(len(frame))} | {
            c: column_digest(frame[c]) for c in frame.columns if c not in FOLLOWS_CODE
        }
    return out


def answers_of(lake: Path, models: Path, night: date) -> dict[str, str]:
    """Digests of five answers of the gate: unknown, best, worst, with minutes, and of a stale
    night."""
    tiers = pq.read_table(
        lake / "runs" / published_runs(lake)[night.isoformat()] / "tier_decisions.parquet"
    ).to_pandas()
    ordered = tiers.sort_values(["tier", "operator_id"])["operator_id"].tolist()
    key = make_key(lake, "golden", ["boost", "minutes", "read"])
    asked: dict[str, tuple[dict[str, Any], int]] = {
        "unknown": ({"operatorId": "nobody"}, 6),
        "best": ({"operatorId": ordered[0]}, 6),
        "worst": ({"operatorId": ordered[-1]}, 6),
        "minutes": ({"operatorId": ordered[0], "minutes": MINUTES}, 6),
        "stale": ({"operatorId": ordered[0]}, 40),
    }
    out = {}
    for name, (body, hours) in asked.items():
        gate = open_gate(
            lake, models, load_policy(), now=lambda h=hours: moment_of(night) + timedelta(hours=h)
        )
        with TestClient(gate_application(gate), headers={"X-API-Key": key}) as client:
            answer = client.post("/v1/boost-check", json={"requestId": f"golden-{name}"} | body)
        assert answer.status_code == 200, answer.text
        out[name] = _digest(json.dumps(answer.json(), sort_keys=True, ensure_ascii=False))
    return out


def releases_of(models: Path) -> dict[str, str]:
    """Version of each released model: a digest of its trees, signals and calibration."""
    return champions(models)


def replay_of(lake: Path, models: Path, night: date) -> dict[str, Any]:
    """What a replay of a night finds."""
    found = replay(lake, night, models, load_policy())
    return {"stands": found.stands, "differ": found.differ, "decisions": found.decisions}


def everything(lake: Path, models: Path) -> dict[str, Any]:
    """All digests of a lake and its models."""
    nights = sorted(published_runs(lake))
    return {
        "nights": {
            night: tables_of(lake / "runs" / published_runs(lake)[night]) for night in nights
        },
        "releases": releases_of(models),
        "replay": replay_of(lake, models, date.fromisoformat(nights[-1])),
        "answers": answers_of(lake, models, date.fromisoformat(nights[-1])),
    }


def differences(meant: Any, found: Any, place: str = "") -> list[str]:
    """Places at which two nested records differ."""
    if isinstance(meant, dict) and isinstance(found, dict):
        names = sorted(meant.keys() | found.keys())
        return [d for n in names for d in differences(meant.get(n), found.get(n), f"{place}/{n}")]
    return [] if meant == found else [f"{place}: {meant} -> {found}"]


def main() -> int:
    """Print what differs from the file, or write it anew."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="example: python -m tests.golden.digests demo/lake demo/models"
    )
    parser.add_argument("lake", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument(
        "--write", action="store_true", help="replace the file that the test compares with"
    )
    given = parser.parse_args()
    found = everything(given.lake, given.models)
    if given.write:
        FILE.write_text(
            json.dumps({"processor": processor()} | found, indent=1, sort_keys=True) + "\n", "utf-8"
        )
        return 0
    meant = json.loads(FILE.read_text("utf-8"))
    meant.pop("processor")
    moved = differences(meant, found)
    sys.stdout.write("\n".join(moved) + "\n" if moved else "equal\n")
    return int(bool(moved))


if __name__ == "__main__":
    raise SystemExit(main())

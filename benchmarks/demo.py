"""The demo: simulate, train, score two nights, serve and ask; everything lies in one folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pandas as pd
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

console = Console()
STEELYARD = Path(sys.executable).with_name("steelyard")
DAYS = 21
DESK_PORT = 3001


def step(title: str, *arguments: str) -> str:
    """Run a steelyard command, showing its progress; returns what it printed."""
    begun = time.perf_counter()
    console.print(f"[bold]{title}[/]  steelyard {' '.join(arguments)}")
    done = subprocess.run(
        [str(STEELYARD), *arguments], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        console.print(done.stdout)
        sys.exit(done.returncode)
    console.print(f"  {time.perf_counter() - begun:.0f} s", style="dim")
    return done.stdout


def free_port() -> int:
    """A TCP port that is free at this moment."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def rooms(lake: Path, tiers: pd.DataFrame) -> tuple[str, str]:
    """One honest and one cheating operator of those that the night judged, by ground truth."""
    cheats = set(
        pq.read_table(lake.with_name("lake.truth") / "operators.parquet").to_pandas()["operator_id"]
    )
    judged = tiers[~tiers["cold_start"]].sort_values("expected_harm", ascending=False)
    honest = judged[~judged["operator_id"].isin(cheats)]["operator_id"]
    guilty = judged[judged["operator_id"].isin(cheats)]["operator_id"]
    return str(honest.iloc[len(honest) // 2]), str(guilty.iloc[0])


def live_minutes(lake: Path, operator: str) -> list[dict]:
    """The first hour and a half of the operator's newest session, as a caller would send it."""
    sessions = pq.read_table(lake / "sessions").to_pandas()
    newest = (
        sessions[sessions["operator_id"] == operator]
        .sort_values("started_at")["session_id"]
        .iloc[-1]
    )
    minutes = pq.read_table(
        lake / "room_minutes", filters=[("session_id", "=", newest), ("minute", "<", 90)]
    ).to_pandas()
    mine = minutes.sort_values("minute").drop(columns=["session_id", "received_at", "day"])
    return json.loads(mine.to_json(orient="records"))


def ask(base: str, key: str, name: str, operator: str, minutes: list[dict]) -> dict:
    """Send the minutes of a running session and ask for a boost check."""
    headers = {"X-API-Key": key}
    session = f"live-{name}"
    httpx.put(
        f"{base}/v1/sessions/{session}/minutes",
        headers=headers,
        json={"operatorId": operator, "minutes": minutes},
    ).raise_for_status()
    body = {"requestId": f"demo-{name}", "operatorId": operator, "sessionId": session}
    answer = httpx.post(f"{base}/v1/boost-check", headers=headers, json=body)
    answer.raise_for_status()
    return answer.json()


def main(folder: Path) -> None:
    """Simulate, train, score two nights, serve, ask, and write the report below `folder`."""
    begun = time.perf_counter()
    if folder.exists():
        shutil.rmtree(folder)
    lake, models = folder / "lake", folder / "models"
    folder.mkdir(parents=True)
    last = datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=DAYS - 1)
    step(
        "1 simulate",
        "simulate",
        str(lake),
        "--seed",
        "7",
        "--size",
        "small",
        "--days",
        str(DAYS),
        "--start",
        str(first),
    )
    step("2 check", "check", str(lake))
    step("3 train", "train", str(lake), "--models", str(models), "--until", str(last))
    step(
        "4 nights",
        "nightly",
        str(lake),
        "--from",
        str(last - timedelta(days=1)),
        "--to",
        str(last),
        "--models",
        str(models),
    )
    tiers = pd.DataFrame(json.loads(step("5 tiers", "show", "tier_decisions", str(lake), "--json")))
    key = json.loads(step("6 key", "key", str(lake), "--json"))["key"]
    port = free_port()
    console.print(f"[bold]7 serve[/]  steelyard serve {lake} --models {models} --port {port}")
    log = (folder / "serve.log").open("w")
    server = subprocess.Popen(
        [str(STEELYARD), "serve", str(lake), "--models", str(models), "--port", str(port)],
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                if httpx.get(f"{base}/healthz").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        answers = Table(title="boost checks", title_justify="left")
        for column in (
            "room",
            "operator",
            "tier",
            "riskLevel",
            "score",
            "suggestedAction",
            "first hit",
        ):
            answers.add_column(column, overflow="fold")
        for name, operator in zip(("honest", "cheating"), rooms(lake, tiers), strict=True):
            a = ask(base, key, name, operator, live_minutes(lake, operator))
            (folder / f"boost-{name}.json").write_text(json.dumps(a, ensure_ascii=False, indent=1))
            said = a["hits"][0]["reason"]["en"] if a["hits"] else ""
            answers.add_row(
                name,
                operator,
                a["tier"],
                a["riskLevel"],
                f"{a['score']:.1f}",
                a["suggestedAction"],
                said,
            )
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
        log.close()
    console.print(answers)
    counts = Table(title=f"tiers of {last}", title_justify="left")
    for column in ("tier", "operators", "measure"):
        counts.add_column(column)
    for tier, group in tiers.groupby("tier"):
        counts.add_row(str(tier), str(len(group)), group["measure"].iloc[0])
    console.print(counts)
    run = tiers["run_id"].iloc[0]
    places = {
        "lake": lake,
        "models and MLflow store": models,
        "night": lake / "runs" / run,
        "report": lake / "runs" / run / "report.html",
        "answers": folder / "boost-*.json",
        "journal of answers": lake / "online" / "journal.jsonl",
    }
    for name, place in places.items():
        console.print(f"  {name}: {place}", highlight=False, soft_wrap=True)
    console.print(f"done in {time.perf_counter() - begun:.0f} s")
    address = f"http://127.0.0.1:{DESK_PORT}"
    console.print(
        f"Open the desk: steelyard desk {lake} --port {DESK_PORT}, then {address}. "
        "Its first start prints the link that makes the first account.",
        highlight=False,
        soft_wrap=True,
    )


if __name__ == "__main__":
    asked = ArgumentParser(
        prog="python -m benchmarks.demo",
        description=__doc__,
        epilog="Example: python -m benchmarks.demo demo",
    )
    asked.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("demo"),
        help="where everything is written (default: demo)",
    )
    main(asked.parse_args().folder)

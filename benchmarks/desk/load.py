"""Load of the desk: 10,000 operators, 200 new cases a day, twenty people at once.

Pages are asked for over HTTP on the loopback, and timed by the client. The lake is a small
published one. The queue is a set of rows of the desk's tables, of the size that is named. Dossiers,
lists and search read the lake's night in memory, repeated up to that size (`repeated_night`).
Complaints and credit are those of the lake.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from benchmarks.desk.repeated_night import night_paths, repeat_night
from data_contracts.lake import Lake
from serving.desk.accounts.directory import NewAccount, add_account
from serving.desk.accounts.logins.sessions import open_login
from serving.desk.accounts.personal_keys import make_key
from serving.desk.cases.case_record import write_line
from serving.desk.cases.night_cases import open_night
from serving.desk.casework.claims import Chosen, claim
from serving.desk.casework.notes import add_note
from serving.desk.desk import Desk
from serving.desk.store.database import Database
from serving.desk.store.tables.case_lists import NightOperatorRow
from serving.desk.store.tables.cases import CaseRow
from serving.desk.web.application import desk_application
from serving.policy.load import load_policy

LIMIT_MILLISECONDS = 300.0
OPERATORS, DAYS, CASES_A_DAY, PEOPLE, PAGES_EACH = 10_000, 30, 200, 20, 25
THINK_SECONDS = (1.0, 5.0)
ALONE_REQUESTS = 10
Paths = Callable[[random.Random], dict[str, str]]


def main() -> int:
    """Run the load and print percentiles of each page; 1 where one is above the limit."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="example: python -m benchmarks.desk.load demo/lake"
    )
    parser.add_argument("lake", type=Path, help="a lake with a published night; it is copied")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--pages", type=int, default=PAGES_EACH, help="pages of each person")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        desk = _filled_desk(given.lake, Path(folder))
        repeat_night(desk.lake, OPERATORS)
        fixed = night_paths(desk.lake)
        found = _measure(desk, given.people, given.pages, fixed)
    worst = max(row["p95_ms"] for row in found.values())
    print_line(json.dumps({"limit_ms": LIMIT_MILLISECONDS, "pages": found}, indent=1))
    return int(worst > LIMIT_MILLISECONDS)


def print_line(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def _filled_desk(source: Path, folder: Path) -> Desk:
    """A desk with the operators and the cases of a month."""
    shutil.copytree(source, folder / "lake", ignore=shutil.ignore_patterns("online"))
    database = Database.open(f"sqlite:///{folder}/desk.sqlite")
    desk = Desk(Lake.open(folder / "lake"), database, load_policy(), lambda: datetime.now(UTC))
    open_night(desk)
    draw = random.Random(5)
    operators = [_operator(i, draw) for i in range(OPERATORS)]
    with database.transaction() as session:
        session.execute(delete(NightOperatorRow))
        session.execute(insert(NightOperatorRow), operators)
        for day in range(DAYS):
            _open_cases(desk, session, operators, day)
        ids = list(session.scalars(select(CaseRow.case_id)))
    for case_id in draw.sample(ids, 200):
        claim(desk, Chosen([case_id], f"person {draw.randrange(PEOPLE)}"))
        add_note(desk, Chosen([case_id], "person 1"), f"looked at the parcels of {case_id}", [])
    return desk


def _operator(i: int, draw: random.Random) -> dict[str, object]:
    risk, influence = draw.random(), draw.random()
    reasons = [{"signal": f"signal_{k}", "zh": "观看异常", "en": "views deviate"} for k in range(4)]
    return {
        "operator_id": f"operator-{i}",
        "tier": draw.choices("ABCD", [75, 15, 6, 4])[0],
        "risk": risk,
        "influence": influence,
        "harm": risk * influence,
        "weight": risk * influence,
        "measure": "popup",
        "typology": draw.choice(["view_fraud", "order_fraud"]),
        "mcn_id": f"network-{i % 300}",
        "region": f"R{i % 31}",
        "category": draw.choice(["books", "gifts", "food", "apparel"]),
        "floor": "",
        "reasons": json.dumps(reasons, ensure_ascii=False),
        "why_zh": f"风险 {risk:.2f}，{i % 7} 组证据明显偏离同类运营者",
        "why_en": f"risk {risk:.2f}; {i % 7} groups of evidence deviate from comparable operators",
    }


def _open_cases(desk: Desk, session: Session, operators: list[dict[str, object]], day: int) -> None:
    now, entries = desk.naive_now(), {}
    for k in range(CASES_A_DAY):
        operator = str(operators[(day * CASES_A_DAY + k) % OPERATORS]["operator_id"])
        case_id = f"c{day:03d}{k:04d}"
        entries[case_id] = {
            "case_id": case_id,
            "kind": "operator",
            "subject_id": operator,
            "operator_id": operator,
            "origin": "patrol",
            "due_at": (now + timedelta(days=7)).isoformat(timespec="seconds"),
        }
    line = {"event": "opened", "act": "opened", "night": f"day {day}", "run_id": f"run {day}"}
    write_line(desk, session, line | {"cases": list(entries), "entries": entries}, None)


def _measure(
    desk: Desk, people: int, pages: int, fixed: dict[str, str]
) -> dict[str, dict[str, float]]:
    """Percentiles of each page; `fixed` are paths of pages besides those of cases."""
    application = desk_application(desk)
    tokens = []
    with desk.database.transaction() as session:
        for i in range(people):
            row = add_account(session, NewAccount(f"person {i}", ["patrol", "lead"]), desk.clock())
            token, login = open_login(session, row.id, "load", desk.clock())
            tokens.append(token)
            site: Any = application.user_middleware[0].kwargs["site"]
            site.keys.put(login, make_key())
        ids = list(session.scalars(select(CaseRow.case_id)))
    paths = partial(_pages, ids=ids, fixed=fixed)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, lifespan="off"))
        running = threading.Thread(target=server.run, args=([bound],), daemon=True)
        running.start()
        while not server.started:
            time.sleep(0.01)
        base = f"http://127.0.0.1:{bound.getsockname()[1]}"
        alone = _alone(base, tokens[0], paths)
        taken: dict[str, list[float]] = defaultdict(list)
        threads = [
            threading.Thread(target=_work, args=(base, token, i, pages, paths, taken))
            for i, token in enumerate(tokens)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        server.should_exit = True
        running.join(10)
    return {name: _figures(t) | {"cpu_ms": alone[name]} for name, t in sorted(taken.items())}


def _pages(draw: random.Random, *, ids: list[str], fixed: dict[str, str]) -> dict[str, str]:
    """Path of each page that is asked for, by its name."""
    return fixed | {
        "queue": "/",
        "queue sorted": f"/?sort={draw.choice(['risk', 'due', 'mcn'])}",
        "queue searched": f"/?text={draw.choice(ids)}",
        "case": f"/cases/{draw.choice(ids)}",
    }


def _alone(base: str, token: str, paths: Paths) -> dict[str, float]:
    """Milliseconds of processor time of each page, its client included, one at a time."""
    found, draw = {}, random.Random(3)
    with httpx.Client(base_url=base, cookies={"desk_login": token}, timeout=60) as client:
        for name, path in paths(draw).items():
            client.get(path).raise_for_status()
            begun = time.process_time()
            for _ in range(ALONE_REQUESTS):
                client.get(path).raise_for_status()
            found[name] = round(1000 * (time.process_time() - begun) / ALONE_REQUESTS, 1)
    return found


def _work(
    base: str, token: str, seed: int, pages: int, paths: Paths, taken: dict[str, list[float]]
) -> None:
    """One person's pages, with pauses as people make them."""
    draw = random.Random(seed)
    with httpx.Client(base_url=base, cookies={"desk_login": token}, timeout=60) as client:
        for _ in range(pages):
            name, path = draw.choice(list(paths(draw).items()))
            time.sleep(draw.uniform(*THINK_SECONDS))
            begun = time.perf_counter()
            answer = client.get(path)
            taken[name].append(1000 * (time.perf_counter() - begun))
            answer.raise_for_status()


def _figures(times: list[float]) -> dict[str, float]:
    low, high = np.percentile(times, [50, 95])
    return {"requests": len(times), "p50_ms": round(float(low), 1), "p95_ms": round(float(high), 1)}


if __name__ == "__main__":
    raise SystemExit(main())

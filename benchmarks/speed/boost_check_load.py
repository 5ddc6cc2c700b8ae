"""The boost check under load, compared with no-op services by the same client in one run."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow.dataset as pads

from benchmarks.demo import STEELYARD, free_port
from benchmarks.harness.timing import REPEATS, repeated_row
from benchmarks.speed.services.published_world import copy_published_world
from data_contracts.lake import Lake
from serving.gate.api_keys import make_key
from serving.gate.assessments.assessment_cache import MAX_CACHED_SESSIONS
from serving.gate.dependencies.minute_rows import minute_to_row
from serving.gate.dependencies.sqlite_store import SqliteMinuteStore

CONNECTIONS = (1, 16, 64)
LOAD_SECONDS = 4
RUNNING_SESSIONS = 50  # running sessions with up to 120 minutes, each of another operator
FRESH = (
    MAX_CACHED_SESSIONS + 952
)  # so many sessions in turn that none is remembered when it is asked for again
SERVICES = {
    "default no-op": "benchmarks.speed.noop_server:Default",
    "tuned no-op": "benchmarks.speed.noop_server:Tuned",
    "boost check": None,  # steelyard serve
}
LOADS = {
    "default no-op": ("default no-op", "first"),
    "tuned no-op": ("tuned no-op", "first"),
    "boost check": ("boost check", "again"),
    "unseen": ("boost check", "first"),
}
SCRIPT = """
local thread = 0
function setup(t) thread = thread + 1; t:set("id", thread) end
function init(args) math.randomseed(id * 7919 + os.time()); n = tonumber(args[1]); run = math.random(1e9)
  operators = {%s} end
function request()
  n = n + 1
  local place = n %% %d
  local body = string.format('{"requestId":"r%%d-%%d-%%d","operatorId":"%%s","sessionId":"s%%d"}', id, run, n, operators[place %% #operators + 1], place)
  return wrk.format("POST", "/v1/boost-check", {["content-type"] = "application/json", ["x-api-key"] = "%s"}, body)
end
function done(summary, latency, requests)
  io.write(string.format("@%%d %%d %%d %%d\\n", summary.requests, summary.duration, latency:percentile(99), summary.errors.status))
end
"""


def running_sessions(lake: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    """Operators and first 120 minutes of sessions, each of another operator, as if they ran."""
    sessions = (
        pads.dataset([str(f) for f in Lake(lake).files("sessions")])
        .to_table(columns=["session_id", "operator_id"])
        .to_pandas()
    )
    first = sessions.drop_duplicates("operator_id").head(RUNNING_SESSIONS)
    rows = pads.dataset([str(f) for f in Lake(lake).files("room_minutes")]).to_table(
        filter=pads.field("session_id").isin(first["session_id"].tolist())
    )
    by_session = dict(list(rows.to_pandas().drop(columns="received_at").groupby("session_id")))
    out = []
    for r in first.itertuples(index=False):
        if r.session_id in by_session:
            one = by_session[r.session_id].sort_values("minute").head(120)
            out.append((r.operator_id, one.to_dict("records")))
    return out


def started(
    target: str | None, environment: dict[str, str], log: Path
) -> tuple[subprocess.Popen, int]:
    """A service on a free port of the loopback, ready within a minute, and its port.

    Parameters
    ----------
    target
        A BentoML service, None for the gate itself.
    environment, log
        Variables of the process, and the file of its output.

    Raises
    ------
    RuntimeError
        It did not get ready; the message is its log.
    """
    port = free_port()
    if target is None:
        command = [str(STEELYARD), "serve", environment["STEELYARD_LAKE"]]
        command += ["--models", environment["STEELYARD_MODELS"]]
    else:
        command = [sys.executable, "-m", "bentoml", "serve", target, "--host", "127.0.0.1"]
    command += ["--port", str(port)]
    with log.open("w") as out:
        server = subprocess.Popen(
            command, stdout=out, stderr=out, start_new_session=True, env=os.environ | environment
        )
    for _ in range(240):
        with suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return server, port
        time.sleep(0.25)
    stop(server)
    raise RuntimeError(log.read_text())


def stop(server: subprocess.Popen) -> None:
    """End a service and its children; a supervisor that does not stop is killed."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, how)
        with suppress(subprocess.TimeoutExpired):
            server.wait(30)
            return


def measured(
    port: int, script: Path, connections: int, start: int = 0
) -> tuple[float, float, int, int]:
    """Requests a second, p99 in ms, answers other than 200, and requests of one run of wrk."""
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{LOAD_SECONDS}s",
        "-s",
        str(script),
        f"http://127.0.0.1:{port}",
        "--",
        str(start),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    time.sleep(
        0.5
    )  # what wrk left behind when it went is finished before the next run, which would be turned away for it
    requests, micro, p99, wrong = map(int, re.search(r"@(\d+) (\d+) (\d+) (\d+)", said).groups())  # type: ignore[union-attr]
    return requests / (micro / 1e6), p99 / 1e3, wrong, requests


def rows(say: Any, models: Path) -> list[dict[str, Any]]:
    """Throughput and p99 of a full check and of both no-ops."""
    if shutil.which("wrk") is None:
        say("wrk is not installed (apt-get install wrk): the rows of the boost check are left out")
        return []
    say("the boost check under load")
    pace: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lake = copy_published_world(folder, models)
        minutes, running = (
            SqliteMinuteStore(lake / "online" / "minutes.sqlite"),
            running_sessions(lake),
        )
        put = [
            (operator, [(int(m["minute"]), minute_to_row(m)) for m in one])
            for operator, one in running
        ]
        for i in range(FRESH):
            minutes.put(f"s{i}", *put[i % len(put)])
        names, key = (
            ",".join(json.dumps(operator) for operator, _ in put),
            make_key(lake, "load", ["boost"]),
        )
        scripts = {}
        for load, sessions in (("first", FRESH), ("again", len(put))):
            scripts[load] = folder / f"{load}.lua"
            scripts[load].write_text(SCRIPT % (names, sessions, key))
        servers = {}
        try:
            for name, target in SERVICES.items():
                home = folder / name.replace(" ", "-")
                (home / "prom").mkdir(parents=True)
                environment = {
                    "STEELYARD_LAKE": str(lake),
                    "STEELYARD_MODELS": str(models.resolve()),
                    "BENTOML_HOME": str(home),
                    "BENTOML_DO_NOT_TRACK": "True",
                    "PROMETHEUS_MULTIPROC_DIR": str(home / "prom"),
                }
                servers[name] = started(target, environment, home / "log")
                measured(servers[name][1], scripts["again"], 4)
            asked: dict[str, int] = defaultdict(int)
            for _ in range(REPEATS):
                for connections, (name, (service, script)) in product(CONNECTIONS, LOADS.items()):
                    speed, p99, wrong, many = measured(
                        servers[service][1], scripts[script], connections, asked[name]
                    )
                    asked[name] += many
                    if wrong:
                        raise RuntimeError(
                            f"{name}: {wrong} answers were no 200 at {connections} connections"
                        )
                    pace[name, connections].append((speed, p99))
        finally:
            for server, _port in servers.values():
                stop(server)
    return _rows_of_rounds({k: np.array(v) for k, v in pace.items()})


def _rows_of_rounds(found: dict[tuple[str, int], np.ndarray]) -> list[dict[str, Any]]:
    """Rows by load and connections; `found`: requests a second and p99 in ms, shape (rounds, 2)."""
    out = []
    why = "A check reads and compares minutes, decides, and waits until its line is on disk: half as much Python again as a no-op."
    for connections in CONNECTIONS:
        (speed, p99), (unseen, _), (tuned, tuned_p99), (plain, _) = (
            found[name, connections].T
            for name in ("boost check", "unseen", "tuned no-op", "default no-op")
        )
        out += [
            repeated_row(f"boost-pace-{connections}", f"Boost checks a second at {connections} connections, of sessions that were looked at when their minutes came (tuned no-op {np.median(tuned):.0f}, default no-op {np.median(plain):.0f})", speed),
            repeated_row(f"boost-unseen-{connections}", f"Boost checks a second of forgotten sessions, so that each runs kernels and the model, {connections} connections", unseen),
            repeated_row(f"boost-tuned-{connections}", f"Boost checks a second over the tuned no-op's, {connections} connections", speed / tuned, ">= 0.6", why),
            repeated_row(f"boost-default-{connections}", f"Boost checks a second over BentoML's default no-op's, {connections} connections", speed / plain, ">= 2", why),
            repeated_row(f"boost-p99-{connections}", f"p99 of a check ({np.median(p99):.1f} ms) over the tuned no-op's ({np.median(tuned_p99):.1f} ms), {connections} connections", p99 / tuned_p99, "<= 1.5", why),
        ]  # fmt: skip
    return out

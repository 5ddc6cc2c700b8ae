"""The service as it is started for real."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from data_contracts.runs import read_outbound
from serving.gate.api_keys import make_key
from tests.whole.gate.open_sockets import listening_sockets

STEELYARD = str(Path(sys.executable).with_name("steelyard"))
ROOMS_OF_SERVICE = {"cli", "gate", "ledger", "oversight", "pages", "policy", "scoring", "tiers"}
NOT_SERVED = {
    "alembic",
    "altair",
    "argon2",
    "bentoml",
    "benchmarks",
    "jinja2",
    "mlflow",
    "networkx",
}
NOT_SERVED |= {"simulation", "sqlalchemy", "training.evaluation", "training.fitting"}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def serving(command: list[str], port: int, log: Path, **environment: str):
    with log.open("w") as out:
        server = subprocess.Popen(
            command,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env=os.environ | environment,
            cwd=log.parent,
        )
    for _ in range(720):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return server
        except httpx.TransportError:
            pass
        if server.poll() is not None:
            break
        time.sleep(0.25)
    stop(server)
    raise AssertionError(log.read_text())


def stop(server: subprocess.Popen) -> None:
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def imported_modules(log: Path) -> set[str]:
    """Modules that a process imported, by the times that Python writes of its imports."""
    lines = (line for line in log.read_text().splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}


def asked(port: int, key: str, request: str, operator: str) -> dict:
    answer = httpx.post(
        f"http://127.0.0.1:{port}/v1/boost-check",
        json={"requestId": request, "operatorId": operator},
        headers={"X-API-Key": key},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def lake(published, tmp_path_factory):
    copy = tmp_path_factory.mktemp("server") / "lake"
    shutil.copytree(published, copy, ignore=shutil.ignore_patterns("online", "views"))
    return copy


def test_the_served_gate_answers_refuses_and_stops_cleanly(lake, models, tmp_path):
    """The served gate answers, refuses and stops cleanly."""
    key, port = make_key(lake, "t", ["boost", "read"]), free_port()
    server = serving(
        [STEELYARD, "serve", str(lake), "--models", str(models), "--port", str(port)],
        port,
        tmp_path / "log",
        PYTHONPROFILEIMPORTTIME="1",
    )
    try:
        operator = read_outbound(lake, "tier_decisions")["operator_id"].iloc[0]
        answer = asked(port, key, "r1", operator)
        assert answer["tier"] and answer["modelVersion"].count("@") == 1
        base = f"http://127.0.0.1:{port}"
        bad = httpx.post(
            f"{base}/v1/boost-check",
            content=b'{"requestId":"r","operatorId":"o","x":NaN}',
            headers={"X-API-Key": key, "content-type": "application/json"},
        )
        assert bad.status_code == 400 and bad.json()["code"] == "not_json"
        assert httpx.post(f"{base}/v1/boost-check", json={}).status_code == 401
        assert 'status="401"' in httpx.get(f"{base}/metrics", headers={"X-API-Key": key}).text
        assert httpx.get(f"{base}/docs.json").status_code == 404
        assert list(listening_sockets(server.pid)) == [f"tcp 127.0.0.1:{port}"]
    finally:
        stop(server)
    assert server.returncode == 0
    assert "Traceback" not in (tmp_path / "log").read_text()
    lines = (lake / "online" / "journal.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["request_id"] == "r1"
    # a start is as long as what it imports: the rooms of a night, the desk and training are not
    modules = imported_modules(tmp_path / "log")
    assert {m.split(".")[1] for m in modules if m.startswith("serving.")} <= ROOMS_OF_SERVICE
    assert not NOT_SERVED & {".".join(m.split(".")[:n]) for m in modules for n in (1, 2)}
    assert {"duckdb", "lightgbm", "serving.gate.http"} <= modules


def test_a_tampered_model_keeps_the_server_from_starting(lake, models, tmp_path):
    """A tampered model keeps the server from starting."""
    copy = tmp_path / "models"
    shutil.copytree(models, copy, ignore=shutil.ignore_patterns("mlruns", "mlflow.db"))
    from training.release.store import champions

    path = (
        copy
        / "session_inflation_live"
        / champions(copy)["session_inflation_live"]
        / "model.0.view_fraud.txt"
    )
    path.write_text(path.read_text() + " ")
    done = subprocess.run(
        [STEELYARD, "serve", str(lake), "--models", str(copy), "--port", str(free_port())],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 5 and "model.0.view_fraud.txt: expected SHA-256" in done.stderr


def test_a_port_in_use_is_refused_in_words_before_anything_is_loaded(lake):
    """A port in use is refused in words before anything is loaded."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [STEELYARD, "serve", str(lake), "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 15 and f"port {port} of 127.0.0.1 is in use" in done.stderr
    assert "Traceback" not in done.stderr

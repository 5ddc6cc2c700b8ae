"""A gate that is served for real: odd ids, changed keys, private files, no ids in the log."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from urllib.parse import quote, urlencode

import httpx
import pytest

from serving.gate.api_keys import make_key, revoke_keys
from tests.whole.gate.test_real_server import STEELYARD, free_port, stop

ODD = ["gid://shop/12", "..", "直播 🛒", "a+b=c&d", "100%", "e\u0301", "x" * 400, "-"]


@pytest.fixture(scope="module")
def served(published, tmp_path_factory):
    """Lake, port, log and process of a service whose files were open to all before."""
    folder = tmp_path_factory.mktemp("served")
    lake, log, port = folder / "lake", folder / "log", free_port()
    shutil.copytree(published, lake, ignore=shutil.ignore_patterns("online", "views"))
    (lake / "online").mkdir()
    (lake / "online" / "left.jsonl").touch(0o644)
    with log.open("w") as out:
        command = [sys.executable, STEELYARD, "serve", str(lake), "--port", str(port)]
        server = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    for _ in range(480):
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz")
            break
        except httpx.TransportError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.25)
    yield lake, port, log
    stop(server)


def test_odd_ids_are_served_by_private_files_and_leave_no_trace_in_the_log(served):
    """Odd ids are served from private files, and leave no trace in the log."""
    lake, port, log = served
    base, key = f"http://127.0.0.1:{port}/v1", make_key(lake, "t", ["boost", "minutes", "read"])
    counters = [{"minute": i, "viewers": 9.0, "joins": 2.0} for i in range(12)]
    with httpx.Client(headers={"X-API-Key": key}) as client:
        for name in ODD:
            query = urlencode({"sessionId": name})
            body = {"operatorId": name, "minutes": counters}
            stored = client.put(f"{base}/sessions/minutes?{query}", json=body)
            assert stored.json()["sessionId"] == name
            check = {"requestId": name, "operatorId": name, "sessionId": name}
            answer = client.post(f"{base}/boost-check", json=check)
            assert answer.status_code == 200 and answer.json()["requestId"] == name
            batch = client.post(f"{base}/boost-checks", json={"checks": [check]}).content
            assert batch == b'{"answers":[{"status":200,"answer":%b}]}' % answer.content
            for path in (f"operators/{quote(name, safe='')}", f"credit?operatorId={quote(name)}"):
                code = client.get(f"{base}/{path}").json()["code"]
                assert code == "unknown_operator" or name == ".."  # the client resolves it
            assert client.post(f"{base}/boost-check", json=check | {"x": 1}).status_code == 422
        document = client.get(f"{base}/openapi.json").json()
        assert (
            document["openapi"] == "3.1.0" and httpx.get(f"{base}/openapi.json").status_code == 401
        )
    files = list((lake / "online").rglob("*"))
    assert {"journal.jsonl", "minutes.sqlite", "keys.json", "left.jsonl"} <= {f.name for f in files}
    assert {f.name: oct(f.stat().st_mode & 0o077) for f in files if f.stat().st_mode & 0o077} == {}
    assert (lake / "online").stat().st_mode & 0o777 == 0o700
    text = log.read_text()
    assert not [name for name in ODD if len(name) > 3 and name in text] and key not in text


def test_a_revoked_key_is_refused_on_an_open_connection(served):
    """A revoked key is refused on an open connection."""
    lake, port, _ = served
    key = make_key(lake, "leaver", ["boost"])
    with httpx.Client(headers={"X-API-Key": key}) as client:
        url, check = f"http://127.0.0.1:{port}/v1/boost-check", {"operatorId": "o"}
        assert client.post(url, json=check | {"requestId": "v1"}).status_code == 200
        revoke_keys(lake, "leaver")
        assert client.post(url, json=check | {"requestId": "v2"}).status_code == 401

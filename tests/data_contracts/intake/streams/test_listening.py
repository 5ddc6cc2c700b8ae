"""Live events of a real Redis: at least once in, exactly once out, minutes to the gate."""

from __future__ import annotations

import json
import shutil
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pyarrow.parquet as pq
import pytest
import redis

from benchmarks.speed.endpoints import redis_server
from data_contracts.errors import LakeProblem
from data_contracts.intake.map_file import parse_map
from data_contracts.intake.streams.listening import Listening, listen, stream_names
from data_contracts.intake.streams.redis_streams import RedisStreams
from data_contracts.lake import Lake
from serving.cli.delivery.gate_minutes import GateMinutes
from tests.data_contracts.intake.streams.live_map import MAP, NOW


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server)")
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


class Live:
    """A Redis with events, and a lake that listens to it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.lake = url, Lake(folder / "lake")
        self.client, self.map = redis.Redis.from_url(url), parse_map(MAP, "map")
        self.client.flushdb()

    def order(self, number: int, at: str = "2026-01-10 20:00:00", cents: str = "1990") -> None:
        fields = {"no": f"o{number}", "shop": "p", "uid": "b", "at": at, "cents": cents}
        self.client.xadd("orders", fields)

    def stream(self, consumer: str = "one") -> RedisStreams:
        return RedisStreams(self.url, stream_names(self.map), consumer=consumer)

    def hear(self, **how) -> list:
        return list(
            listen(
                self.map,
                self.lake,
                self.stream(),
                Listening(lambda: NOW, stop_when_idle=True, **how),
            )
        )

    def paid(self) -> dict[str, float]:
        files = [str(f) for f in self.lake.files("orders")]
        rows = pq.ParquetDataset(files, partitioning=None).read().to_pylist()
        assert len(rows) == len({r["order_id"] for r in rows})
        return {r["order_id"]: r["paid_amount"] for r in rows}


@pytest.fixture
def live(server, tmp_path) -> Live:
    return Live(server, tmp_path)


def test_events_become_rows_once(live):
    """Duplicate, late and corrected events are what they are in a delivery; JSON bodies too."""
    live.order(1)
    live.order(1)
    live.order(2, at="2026-01-09 20:00:00")
    live.client.xadd("orders", {"no": "o3", "shop": "p", "uid": "b", "at": "later", "cents": "1"})
    body = {"no": "o4", "shop": "p", "uid": 7, "at": "2026-01-10 20:00:00", "cents": 500}
    live.client.xadd("orders", {"data": json.dumps(body)})
    live.order(2, at="2026-01-10 21:00:00", cents="2990")
    (done, events), *_ = live.hear()
    assert len(events) == 6
    assert (done[0].read, done[0].added, done[0].superseded, done[0].set_aside) == (6, 3, 2, 1)
    assert live.paid() == {"o1": 19.9, "o2": 29.9, "o4": 5.0}
    assert live.hear() == []


def test_a_batch_that_was_not_acknowledged_changes_nothing(live):
    """A reader that dies after it wrote and before it acknowledged leaves each row once."""
    for number in range(5):
        live.order(number)

    class Dies(RedisStreams):
        def acknowledge(self, events) -> None:
            raise KeyboardInterrupt

    dying = Dies(live.url, stream_names(live.map), consumer="one")
    with pytest.raises(KeyboardInterrupt):
        list(listen(live.map, live.lake, dying, Listening(lambda: NOW, stop_when_idle=True)))
    assert len(live.paid()) == 5
    (done, events), *_ = live.hear()
    assert len(events) == 5 and (done[0].added, done[0].unchanged) == (0, 5)
    assert len(live.paid()) == 5
    assert live.client.xpending("orders", "steelyard")["pending"] == 0


def test_minutes_go_to_the_gate(live):
    """Minutes are put to the gate with the operator that the session's row names."""
    asked = []

    class Gate(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append((self.path, self.headers["X-API-Key"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args) -> None:
            pass

    gate, said = HTTPServer(("127.0.0.1", 0), Gate), []
    Thread(target=gate.serve_forever, daemon=True).start()
    try:
        live.client.xadd("rooms", {"s": "s/1", "shop": "p", "at": "2026-01-10 20:00:00"})
        for minute in range(2):
            live.client.xadd("minutes", {"s": "s/1", "m": minute, "online": 30 + minute})
        live.client.xadd("minutes", {"s": "s2", "m": 0, "online": 5})
        follower = GateMinutes(f"http://127.0.0.1:{gate.server_port}", "k", live.lake, said.append)
        live.hear(follower=follower)
    finally:
        gate.shutdown()
        gate.server_close()
    minutes = [{"minute": 0, "viewers": 30.0}, {"minute": 1, "viewers": 31.0}]
    assert asked == [("/v1/sessions/s%2F1/minutes", "k", {"operatorId": "p", "minutes": minutes})]
    assert follower.put == 2 and "s2: no row of sessions" in said[0]


def test_a_map_that_no_batch_can_answer_is_refused(live):
    """Queries over several sources, and sources that are no streams, are named."""
    table = MAP["tables"]["orders"]
    query = {k: v for k, v in table.items() if k != "source"} | {"query": "SELECT * FROM orders"}
    with pytest.raises(LakeProblem, match="cannot be listened to"):
        stream_names(parse_map(MAP | {"tables": {"orders": query}}, "map"))
    files = {"orders": {"path": "orders.csv", "format": "csv"}}
    with pytest.raises(LakeProblem, match="name the stream as its path"):
        stream_names(parse_map({"sources": files, "tables": {"orders": table}}, "map"))

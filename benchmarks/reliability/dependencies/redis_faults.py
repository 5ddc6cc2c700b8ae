"""Faults of a Redis that keeps minutes: of the network, of the server and of single values."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import redis

from benchmarks.demo import free_port
from benchmarks.reliability.dependencies.fault import SESSION, Fault, nothing
from benchmarks.reliability.dependencies.flaky_proxy import FlakyProxy, Mode
from serving.gate.dependencies.minute_rows import CHECKSUM_BYTES, ROW_BYTES, ROW_WIDTH
from serving.gate.dependencies.redis_store import KEY_PREFIX, LENGTH_BYTES

KEY = KEY_PREFIX + SESSION
BIG_VALUE_BYTES = 25_000_000
STORE_DOWN = "store_down"


@dataclass
class RedisPlace:
    """A Redis of its own behind a proxy that can be broken."""

    folder: Path
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.start()
        self.client = redis.Redis(port=self.port)
        self.proxy = FlakyProxy(self.port)
        self.url = f"redis://127.0.0.1:{self.proxy.port}/0"

    def start(self) -> None:
        """Start the server without data, and wait until it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.server = subprocess.Popen(
            [*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL
        )
        for _ in range(200):
            try:
                redis.Redis(port=self.port).ping()
                return
            except redis.RedisError:
                time.sleep(0.02)
        raise RuntimeError("redis-server does not start")

    def stop(self) -> None:
        """End the server with all it keeps."""
        self.server.kill()
        self.server.wait(10)

    def close(self) -> None:
        """End server and proxy."""
        self.proxy.close()
        self.stop()


def redis_is_here() -> bool:
    """Whether redis-server is installed."""
    return shutil.which("redis-server") is not None


def _mode(mode: Mode) -> tuple[Callable[[RedisPlace], None], Callable[[RedisPlace, Any], None]]:
    def make(place: RedisPlace) -> None:
        place.proxy.mode = mode
        place.client.client_kill_filter(_type="normal", skipme=True)

    def mend(place: RedisPlace, _made: Any) -> None:
        place.proxy.mode = Mode.PASS

    return make, mend


def _value(change: Callable[[bytes], bytes]) -> Callable[[RedisPlace], None]:
    """Replace the value of the session."""

    def make(place: RedisPlace) -> None:
        value: Any = place.client.get(KEY)
        place.client.set(KEY, change(value))

    return make


def _rows(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[RedisPlace], None]:
    """Replace rows of the session under a checksum that fits."""

    def changed(value: bytes) -> bytes:
        start = LENGTH_BYTES + int.from_bytes(value[:LENGTH_BYTES], "big")
        rows = np.frombuffer(value[start:-CHECKSUM_BYTES]).reshape(-1, ROW_WIDTH).copy()
        body = change(rows).tobytes()
        return value[:start] + body + zlib.crc32(body).to_bytes(CHECKSUM_BYTES, "little")

    return _value(changed)


def _with(cell: tuple[int, int], number: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(rows: np.ndarray) -> np.ndarray:
        rows[cell] = number
        return rows

    return change


def _without_counters(rows: np.ndarray) -> np.ndarray:
    rows[:, 1:] = np.nan
    return rows


def _wrong_type(place: RedisPlace) -> None:
    place.client.delete(KEY)
    place.client.rpush(KEY, "a", "b")


def _restarted_empty(place: RedisPlace) -> None:
    place.stop()
    place.start()


def _stopped(place: RedisPlace) -> None:
    os.kill(place.server.pid, signal.SIGSTOP)


def _continued(place: RedisPlace, _made: Any) -> None:
    os.kill(place.server.pid, signal.SIGCONT)


def _needs_password(place: RedisPlace) -> None:
    place.client.config_set("requirepass", "secret")
    place.client.client_kill_filter(_type="normal", skipme=True)


def _needs_none(place: RedisPlace, _made: Any) -> None:
    with redis.Redis(port=place.port, password="secret") as client:
        client.config_set("requirepass", "")


def _replica_of_nothing(place: RedisPlace) -> None:
    place.client.flushall()
    place.client.replicaof("127.0.0.1", "1")


def _primary(place: RedisPlace, _made: Any) -> None:
    place.client.replicaof("no", "one")


def _busy(place: RedisPlace) -> None:
    place.client.config_set("busy-reply-threshold", 1)

    def run() -> None:
        with suppress(redis.RedisError), redis.Redis(port=place.port) as client:
            client.eval("while true do end", 0)

    threading.Thread(target=run, daemon=True).start()
    time.sleep(0.1)


def _script_ended(place: RedisPlace, _made: Any) -> None:
    place.client.script_kill()


def _flip(value: bytes) -> bytes:
    return value[:-100] + bytes([value[-100] ^ 1]) + value[-99:]


NETWORK = (
    Fault("reply drips", STORE_DOWN, *_mode(Mode.DRIP), refuses_minutes=True),
    Fault("no reply", STORE_DOWN, *_mode(Mode.HANG), refuses_minutes=True),
    Fault("reply after a second", STORE_DOWN, *_mode(Mode.DELAY), refuses_minutes=True),
    Fault("connection closed", STORE_DOWN, *_mode(Mode.CLOSE), refuses_minutes=True),
    Fault("connection reset", STORE_DOWN, *_mode(Mode.RESET), refuses_minutes=True),
    Fault("reply breaks off", STORE_DOWN, *_mode(Mode.HALF), refuses_minutes=True),
    Fault("reply is not Redis", STORE_DOWN, *_mode(Mode.GARBAGE), refuses_minutes=True),
)
SERVER = (
    Fault("server stopped", STORE_DOWN, _stopped, _continued, refuses_minutes=True),
    Fault("busy with a script", STORE_DOWN, _busy, _script_ended, refuses_minutes=True),
    Fault("password wanted", STORE_DOWN, _needs_password, _needs_none, refuses_minutes=True),
    Fault("restarted empty", "minutes_lost", _restarted_empty, nothing, lost=True),
    Fault("flushed", "minutes_lost", lambda p: p.client.flushall(), nothing, lost=True),
    Fault("empty replica", "minutes_lost", _replica_of_nothing, _primary, True, True),
)
VALUES = (
    Fault("evicted", "minutes_lost", lambda p: p.client.delete(KEY), nothing, lost=True),
    Fault("empty value", "minutes_lost", _value(lambda _: b""), nothing, lost=True),
    Fault("wrong type", "minutes_invalid", _wrong_type, nothing, lost=True),
    Fault("text", "minutes_invalid", _value(lambda _: b"nonsense"), nothing, lost=True),
    Fault("truncated", "minutes_invalid", _value(lambda v: v[:-9]), nothing, lost=True),
    Fault("whole rows cut", "minutes_invalid", _value(lambda v: v[:-ROW_BYTES]), nothing, True),
    Fault("one bit", "minutes_invalid", _value(_flip), nothing, lost=True),
    Fault("fewer rows", "minutes_lost", _rows(lambda r: r[:-5]), nothing, lost=True),
    Fault("NaN minute", "minutes_invalid", _rows(_with((3, 0), np.nan)), nothing, lost=True),
    Fault("infinite", "minutes_invalid", _rows(_with((3, 1), np.inf)), nothing, lost=True),
    Fault("counters unknown", "counters_unknown", _rows(_without_counters), nothing, lost=True),
    Fault("25 MB", "minutes_invalid", _value(lambda v: v + bytes(BIG_VALUE_BYTES)), nothing, True),
)
REFUSED = Fault(
    "connection refused",
    STORE_DOWN,
    lambda place: (place.proxy.close(), place.client.client_kill_filter(_type="normal")),
    lambda place, _made: place.proxy.reopen(),
    refuses_minutes=True,
)
REDIS_FAULTS = (*NETWORK, REFUSED, *SERVER, *VALUES)

"""Inputs of answers by their digest: bodies of requests and minutes as they were seen.

One file of JSON lines a day lies in `LAKE/online/inputs`. A line is written before the answer that
names its digest, without a sync of its own. A power cut may take the inputs of the last seconds,
never the answer. A day's file may be deleted; the replay of its answers then says what is gone.
ADR-0223.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import threading
import zlib
from contextlib import suppress
from pathlib import Path

import structlog

MAX_KNOWN_INPUTS = 8192
MAX_PLAIN_BYTES = 512  # longer inputs are compressed
COMPRESSION_LEVEL = 1


class KeptInputs:
    """Keeps inputs of answers, each once.

    Parameters
    ----------
    folder
        Folder of the files, one a day; made by the first input.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.lock = folder, threading.Lock()
        self.known: dict[bytes, str] = {}
        self.waiting: list[tuple[str, str, bytes]] = []
        self.day = ""

    def keep(self, data: bytes, day: str, digest: str | None = None) -> str:
        """Keep an input of an answer of a day (YYYY-MM-DD); returns its SHA-256.

        It is on its way to the disk with the next `flush`.
        """
        if day != self.day or len(self.known) >= MAX_KNOWN_INPUTS:
            self.known, self.day = {}, day
        found = self.known.get(data)
        if found is None:
            found = digest or hashlib.sha256(data).hexdigest()
            self.known[data] = found
            with self.lock:
                self.waiting.append((day, found, data))
        return found

    def flush(self) -> None:
        """Write the inputs that wait. A disk that refuses loses them and stops no answer."""
        with self.lock:
            batch, self.waiting = self.waiting, []
        for day in dict.fromkeys(day for day, _, _ in batch):
            lines = [_line(digest, data) for d, digest, data in batch if d == day]
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                with (self.folder / f"{day}.jsonl").open("ab") as handle:
                    handle.write(b"".join(lines))
            except OSError as error:
                structlog.get_logger().error("inputs not kept", day=day, error=error.strerror)

    def find(self, digest: str, day: str) -> bytes | None:
        """An input of an answer of a day, None where it is gone or damaged."""
        path = self.folder / f"{day}.jsonl"
        if not path.exists():
            return None
        with path.open("rb") as handle:
            for line in handle:
                if digest.encode() not in line:
                    continue
                with suppress(ValueError, KeyError, TypeError, binascii.Error, zlib.error):
                    data = _data(json.loads(line))
                    if hashlib.sha256(data).hexdigest() == digest:
                        return data
        return None


def _line(digest: str, data: bytes) -> bytes:
    packed = zlib.compress(data, COMPRESSION_LEVEL) if len(data) > MAX_PLAIN_BYTES else data
    name = "zlib" if len(data) > MAX_PLAIN_BYTES else "plain"
    text = base64.b64encode(packed).decode()
    return b'\n{"sha256":"%b","%b":"%b"}\n' % (digest.encode(), name.encode(), text.encode())


def _data(line: dict[str, str]) -> bytes:
    if "zlib" in line:
        return zlib.decompress(base64.b64decode(line["zlib"]))
    return base64.b64decode(line["plain"])

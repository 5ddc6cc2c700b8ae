"""A TCP proxy whose replies hang, drip, break off or are garbage, as a broken network does."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from enum import Enum

CHUNK_BYTES = 65_536
DRIP_SECONDS = 1.0  # between two bytes


class Mode(Enum):
    """The fate of replies."""

    PASS = "pass"
    HANG = "hang"
    DRIP = "drip"
    CLOSE = "close"
    RESET = "reset"
    HALF = "half"
    GARBAGE = "garbage"
    DELAY = "delay"


class FlakyProxy:
    """A proxy in front of a port of the loopback, with a mode that can be changed at any time."""

    def __init__(self, target: int) -> None:
        self.target, self.mode, self.delay_seconds = target, Mode.PASS, 1.0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening: connections are refused from now on."""
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def reopen(self) -> None:
        """Listen on the same port again."""
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        listener = self.listener
        with suppress(OSError):
            while True:
                caller, _ = listener.accept()
                if self.mode in (Mode.CLOSE, Mode.RESET):
                    self._end(caller)
                    continue
                server = socket.create_connection(("127.0.0.1", self.target))
                for one, other, reply in ((caller, server, False), (server, caller, True)):
                    threading.Thread(
                        target=self._pass_on, args=(one, other, reply), daemon=True
                    ).start()

    def _end(self, caller: socket.socket) -> None:
        if self.mode is Mode.RESET:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        caller.close()

    def _pass_on(self, source: socket.socket, sink: socket.socket, reply: bool) -> None:
        with suppress(OSError), source, sink:
            while data := source.recv(CHUNK_BYTES):
                if not reply or self.mode is Mode.PASS:
                    sink.sendall(data)
                elif not self._spoiled(sink, data):
                    return

    def _spoiled(self, sink: socket.socket, data: bytes) -> bool:
        """Send a reply as the mode has it; False where the connection ends."""
        mode = self.mode
        if mode is Mode.HANG:
            while self.mode is Mode.HANG:
                time.sleep(0.02)
            return False
        if mode is Mode.DRIP:
            for byte in data:
                sink.sendall(bytes([byte]))
                started = time.monotonic()
                while self.mode is Mode.DRIP and time.monotonic() - started < DRIP_SECONDS:
                    time.sleep(0.02)
                if self.mode is not Mode.DRIP:
                    return False
        elif mode is Mode.HALF:
            sink.sendall(data[: max(1, len(data) // 2)])
            return False
        elif mode is Mode.GARBAGE:
            sink.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return False
        elif mode is Mode.DELAY:
            time.sleep(self.delay_seconds)
            sink.sendall(data)
        else:
            self._end(sink)
            return False
        return True

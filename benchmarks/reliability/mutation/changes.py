"""Ways to change the bytes of a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

Change = Callable[[bytes, np.random.Generator], bytes]


def _flipped(body: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(body)
    out[int(rng.integers(0, len(out)))] ^= 1 << int(rng.integers(0, 8))
    return bytes(out)


def _cut(body: bytes, rng: np.random.Generator) -> bytes:
    return body[: int(rng.integers(0, len(body)))]


def _zeroed(body: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(0, len(body)))
    size = int(rng.integers(1, 65))
    return (body[:at] + bytes(size) + body[at + size :])[: len(body)]


def _swapped(body: bytes, rng: np.random.Generator) -> bytes:
    size = max(1, min(32, len(body) // 4))
    a, b = sorted(int(x) for x in rng.integers(0, max(1, len(body) - 2 * size), 2))
    b = max(b, a + size)
    first, between, second = body[a : a + size], body[a + size : b], body[b : b + size]
    return body[:a] + second + between + first + body[b + size :]


def _repeated(body: bytes, rng: np.random.Generator) -> bytes:
    at, size = int(rng.integers(0, len(body))), int(rng.integers(1, 200))
    return body[: at + size] + body[at:]


def _other_digit(body: bytes, rng: np.random.Generator) -> bytes:
    digits = [i for i, byte in enumerate(body[:200_000]) if 48 <= byte <= 57]
    if not digits:
        return _flipped(body, rng)
    at = digits[int(rng.integers(0, len(digits)))]
    other = 48 + (body[at] - 48 + int(rng.integers(1, 10))) % 10
    return body[:at] + bytes([other]) + body[at + 1 :]


def _other_value(body: bytes, rng: np.random.Generator) -> bytes:
    """Replace one value of a JSON text; other files have a bit flipped."""
    try:
        whole = json.loads(body)
    except ValueError:
        return _flipped(body, rng)
    odd: list[Any] = [None, 0, -1, 1e308, "", "x" * 5_000, [], {}, True, [[[]]], "../../x"]
    here = whole
    while isinstance(here, dict | list) and here:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        key = keys[int(rng.integers(0, len(keys)))]
        below = here[key]
        if not isinstance(below, dict | list) or not below or rng.random() < 0.3:
            here[key] = odd[int(rng.integers(0, len(odd)))]
            break
        here = below
    return json.dumps(whole).encode()


CHANGES: dict[str, Change] = {
    "flip": _flipped,
    "cut": _cut,
    "zeros": _zeroed,
    "swap": _swapped,
    "repeat": _repeated,
    "digit": _other_digit,
    "value": _other_value,
}

"""Strict JSON: standard numbers, no repeated key at any depth, no more depth than parsers take."""

from __future__ import annotations

import json
from typing import Any

import msgspec

ESCAPED_COLONS = (b"\\u003a", b"\\u003A")


class NotStrictJson(ValueError):
    """A body that is no strict JSON, with the code of its problem."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def repeated_key() -> NotStrictJson:
    """The refusal of a body with a key that one object has twice."""
    return NotStrictJson("repeated_key", "a key is written twice in one object")


def too_deep() -> NotStrictJson:
    """The refusal of a body whose nesting a parser does not follow."""
    return NotStrictJson("not_json", "the body is nested too deeply")


def decode_strict_json(body: bytes) -> Any:
    """Standard JSON; NaN, Infinity and numbers beyond float64 are refused. Raises NotStrictJson."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise NotStrictJson("not_json", str(error)) from error
    except UnicodeDecodeError as error:
        raise NotStrictJson("not_json", "the body is not UTF-8") from error
    except RecursionError:
        raise too_deep() from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise repeated_key()
    return found


def refuse_repeated_keys(body: bytes, decoded: Any) -> None:
    """Raise NotStrictJson where an object of a body has a key twice.

    A parser drops the first of two equal keys, and with it a colon. So the colons of the body are
    counted against those of what was decoded, which is as fast as writing it: ADR-0240.
    """
    try:
        if any(one in body for one in ESCAPED_COLONS):
            json.loads(body, object_pairs_hook=_without_repeats)
        elif msgspec.json.encode(decoded).count(b":") != body.count(b":"):
            raise repeated_key()
    except RecursionError:
        raise too_deep() from None

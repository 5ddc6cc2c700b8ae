"""Answers of the server itself: typed errors that are encoded before anybody asks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus

import msgspec

from serving.gate.requests import MAX_BODY_BYTES
from serving.gate.schemas import Problem

MAX_ENCODED_WAITS = 100


@dataclass(frozen=True)
class Refusal:
    """A typed error as bytes: one form keeps the connection, one announces its end.

    Parameters
    ----------
    status : int
        HTTP status.
    code, message
        Fields of the `Problem`.
    where : str
        What the problem is about.
    retry_seconds : int
        Value of Retry-After, 0 for none.
    """

    status: int
    code: str
    message: str
    where: str
    retry_seconds: int = 0
    body: bytes = field(init=False, repr=False)
    kept: bytes = field(init=False, repr=False)
    closed: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        problem = Problem(code=self.code, message=self.message, where=[self.where])
        body = msgspec.json.encode(problem.model_dump())
        retry = f"retry-after: {self.retry_seconds}\r\n" if self.retry_seconds else ""
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n{retry}"
        ).encode()
        object.__setattr__(self, "body", body)
        object.__setattr__(self, "kept", head + b"\r\n" + body)
        object.__setattr__(self, "closed", head + b"connection: close\r\n\r\n" + body)


BAD_REQUEST = Refusal(400, "bad_request", "this is no HTTP/1.1 request", "request")
INTERNAL = Refusal(500, "internal", "the request failed here; it was not decided", "service")
TOO_LATE = Refusal(408, "request_timeout", "the request did not arrive in time", "request")
BODY_TOO_LARGE = Refusal(413, "body_too_large", f"a body may have {MAX_BODY_BYTES} bytes", "body")
URL_TOO_LONG = Refusal(414, "url_too_long", "the path is too long", "path")
HEADERS_TOO_LARGE = Refusal(
    431, "headers_too_large", "the headers have too many lines or bytes", "headers"
)
TOO_MANY_CONNECTIONS = Refusal(
    503, "too_many_connections", "no connection is free; try again in a second", "service", 1
)


@lru_cache(MAX_ENCODED_WAITS)
def too_busy(seconds: int) -> Refusal:
    """The refusal of a request that would wait too long; it may come again in so many seconds."""
    message = f"too many requests at once; try again in {seconds} s"
    return Refusal(429, "too_busy", message, "service", seconds)


def rate_limited(seconds: float) -> Refusal:
    """The refusal of a caller that may ask again in so many seconds."""
    return _rate_limited(max(1, math.ceil(seconds)))


@lru_cache(MAX_ENCODED_WAITS)
def _rate_limited(seconds: int) -> Refusal:
    message = f"too many requests of one caller; ask again in {seconds} s"
    return Refusal(429, "rate_limited", message, "caller", seconds)

"""Requests: read, parsed strictly and checked for their key, or refused with a typed error."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from serving.gate.api_keys import scopes_of_key
from serving.gate.schemas import Problem, decode_strict_json

MAX_BODY_BYTES = 2_000_000


class RequestRefused(Exception):
    """A request that is answered with a typed error: its HTTP status and its problem."""

    def __init__(
        self, status: int, code: str, message: str, where: list[str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.problem = status, Problem(code=code, message=message, where=where or [])


async def read_body(request: Request) -> bytes:
    """The body of a request. Raises RequestRefused when it is too large or not JSON."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise RequestRefused(
            415, "unsupported_media_type", "send application/json", ["content-type"]
        )
    if int(request.headers.get("content-length") or 0) > MAX_BODY_BYTES:
        raise _too_large()
    parts, size, more = [], 0, True
    while more:  # `Request.stream` is a generator in a generator, see ADR-0150
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size, more = size + len(parts[-1]), message.get("more_body", False)
        if size > MAX_BODY_BYTES:
            raise _too_large()
    return b"".join(parts)


def _too_large() -> RequestRefused:
    return RequestRefused(
        413, "body_too_large", f"a body may have {MAX_BODY_BYTES} bytes", ["body"]
    )


def parse_request(kind: type[BaseModel], body: bytes) -> Any:
    """A body as a model. Raises RequestRefused, which names the fields that are wrong."""
    try:
        if decode_strict_json(body) is None:
            return kind.model_validate(None)
        return kind.model_validate_json(body)
    except msgspec.DecodeError as error:
        raise RequestRefused(400, "not_json", str(error), ["body"]) from error
    except UnicodeDecodeError as error:
        raise RequestRefused(400, "not_json", "the body is not UTF-8", ["body"]) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[:5]
        where = [".".join(map(str, e["loc"])) or "body" for e in first]
        raise RequestRefused(
            422, "invalid_field", "; ".join(e["msg"] for e in first), where
        ) from error


def require_scope(keys: dict[str, dict], request: Request, scope: str) -> None:
    """Raise RequestRefused unless the request has a known key with a scope."""
    scopes = scopes_of_key(keys, request.headers.get("x-api-key"))
    if scopes is None:
        raise RequestRefused(
            401,
            "no_key",
            "send a known key in X-API-Key; make one with: steelyard key LAKE",
            ["x-api-key"],
        )
    if scope not in scopes:
        raise RequestRefused(
            403, "scope_missing", f"the key lacks the scope {scope}", ["x-api-key"]
        )

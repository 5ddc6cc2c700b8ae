"""Requests: read, parsed strictly and checked for their key, or refused with a typed error."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from serving.gate.protocol.api_routes import ROUTES, methods_of
from serving.gate.protocol.ids import IdRefused, raw_path
from serving.gate.protocol.key_file import ApiKey
from serving.gate.protocol.key_ring import KeyRing, KeysUnreadable
from serving.gate.protocol.strict_json import (
    NotStrictJson,
    decode_strict_json,
    refuse_repeated_keys,
)
from serving.gate.schemas import Problem

MAX_BODY_BYTES = 2_000_000
MAX_WHERE_CHARACTERS = 200  # a field's name may be as long as a body


class RequestRefused(Exception):
    """A request that is answered with a typed error: its HTTP status and its problem."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        where: list[str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.problem = status, Problem(code=code, message=message, where=where or [])
        self.headers = headers


async def read_body(request: Request) -> bytes:
    """The body of a request. Raises RequestRefused when it is too large or not JSON."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise RequestRefused(
            415, "unsupported_media_type", "send application/json", ["content-type"]
        )
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > MAX_BODY_BYTES:  # the stream is counted as well
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
        decoded = decode_strict_json(body)
        refuse_repeated_keys(body, decoded)
        return kind.model_validate(None) if decoded is None else kind.model_validate_json(body)
    except NotStrictJson as error:
        raise RequestRefused(400, error.code, str(error), ["body"]) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[:5]
        if first[0]["type"] == "json_invalid":  # nesting that the other parser follows
            raise RequestRefused(400, "not_json", first[0]["msg"], ["body"]) from error
        where = [".".join(map(str, e["loc"]))[:MAX_WHERE_CHARACTERS] or "body" for e in first]
        raise RequestRefused(
            422, "invalid_field", "; ".join(e["msg"] for e in first), where
        ) from error


def require_scope(keys: KeyRing, request: Request, scope: str, now: datetime) -> ApiKey:
    """The key of a request. Raises RequestRefused unless it is known, in force and has a scope."""
    try:
        key = keys.find(request.headers.get("x-api-key"), now)
    except KeysUnreadable as error:
        raise RequestRefused(503, "keys_unreadable", str(error), ["x-api-key"]) from error
    if key is None:
        raise RequestRefused(
            401,
            "no_key",
            "send a key in X-API-Key that is known and has not expired; "
            "make one with: steelyard key LAKE",
            ["x-api-key"],
        )
    if scope not in key.scopes:
        raise RequestRefused(
            403, "scope_missing", f"the key lacks the scope {scope}", ["x-api-key"]
        )
    return key


def requested_id(name: str, request: Request) -> str:
    """The id in the URL of a route. Raises RequestRefused."""
    route = next(route for route in ROUTES if route.name == name)
    try:
        return route.requested_id(request.scope)
    except IdRefused as error:
        raise RequestRefused(error.status, error.code, str(error), ["path"]) from error


def no_such_route(request: Request) -> RequestRefused:
    """The refusal of a path that does not exist, or of a method that it does not have."""
    methods = methods_of(raw_path(request.scope))
    if not methods:
        return RequestRefused(404, "no_such_path", "no such path; see /v1/openapi.json", ["path"])
    allowed = ", ".join(methods)
    return RequestRefused(
        405, "method_not_allowed", f"this path takes {allowed}", ["method"], {"Allow": allowed}
    )

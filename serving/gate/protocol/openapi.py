"""The OpenAPI document and its page, generated from routes and schemas."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from serving.gate.protocol.api_routes import ROUTES, ApiRoute
from serving.gate.protocol.ids import MAX_ID_CHARACTERS, MIN_ID_CHARACTERS
from serving.gate.schemas import Problem

API_VERSION = "1.1.0"
BODY_CODES = (
    (400, "not_json"),
    (400, "repeated_key"),
    (413, "body_too_large"),
    (415, "unsupported_media_type"),
    (422, "invalid_field"),
)
ID_CODES = ((400, "invalid_path"), (422, "invalid_field"))
SERVER_CODES = (  # `serving.gate.server` answers these before a route is found
    (400, "bad_request"),
    (408, "request_timeout"),
    (414, "url_too_long"),
    (429, "rate_limited"),
    (429, "too_busy"),
    (431, "headers_too_large"),
    (500, "internal"),
    (503, "too_many_connections"),
)
KEY_CODES = ((401, "no_key"), (403, "scope_missing"), (503, "keys_unreadable"))
MEANING = {
    400: "The request is not well formed.",
    401: "The key is missing, unknown, revoked or has expired.",
    403: "The key lacks the scope.",
    404: "The published night has no such operator.",
    409: "The id is used for something else.",
    408: "The request did not arrive in time.",
    413: "The body is too large.",
    414: "The URL is too long.",
    415: "The body is not declared as JSON.",
    422: "The fields are not those of the schema.",
    429: "Too many requests; try again after Retry-After.",
    431: "The headers are too large or too many.",
    500: "The request failed and was not decided.",
    503: "Something that the answer needs is not available; try again after Retry-After.",
}


def problem_codes(route: ApiRoute) -> dict[int, list[str]]:
    """Codes of all problems that a route answers with, by status."""
    pairs = [*route.codes, *SERVER_CODES]
    pairs += BODY_CODES if route.body else ()
    pairs += ID_CODES if route.id_name else ()
    pairs += KEY_CODES if route.scope else ()
    codes: dict[int, list[str]] = {}
    for status, code in sorted(set(pairs)):
        codes.setdefault(status, []).append(code)
    return codes


def _reference(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _operation(route: ApiRoute, by_query: bool) -> dict[str, Any]:
    answered: dict[str, Any] = {"description": "The answer."}
    if route.answer:
        answered["content"] = _reference(route.answer.__name__)
    elif route.name == "metrics":
        answered["content"] = {"text/plain": {"schema": {"type": "string"}}}
    else:
        answered["content"] = {"application/json": {"schema": {"type": "object"}}}
    responses = {"200": answered}
    for status, codes in problem_codes(route).items():
        responses[str(status)] = {
            "description": f"{MEANING[status]} Codes: {', '.join(codes)}.",
            "content": _reference(Problem.__name__),
        }
    if route.name == "readyz":  # the same body, with what is not usable
        responses["503"] = answered | {"description": "Not of use now; the answer says why."}
    operation: dict[str, Any] = {
        "operationId": route.name + ("-by-query" if by_query else ""),
        "summary": route.summary,
        "responses": responses,
        "security": [{"key": []}] if route.scope else [],
    }
    if route.scope:
        operation["description"] = f"Needs a key with the scope `{route.scope}`."
    if route.id_name:
        length = {"minLength": MIN_ID_CHARACTERS, "maxLength": MAX_ID_CHARACTERS}
        operation["parameters"] = [
            {
                "name": route.id_name,
                "in": "query" if by_query else "path",
                "required": True,
                "schema": {"type": "string", **length},
            }
        ]
    if route.body:
        operation["requestBody"] = {"required": True, "content": _reference(route.body.__name__)}
    return operation


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the service."""
    models = {m for route in ROUTES for m in (route.body, route.answer) if m} | {Problem}
    _, schemas = models_json_schema(
        [(model, "validation") for model in sorted(models, key=lambda m: m.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, Any] = {}
    for route in ROUTES:
        forms = {route.path: False} | ({route.query_path: True} if route.id_name else {})
        for path, by_query in forms.items():
            paths.setdefault(path, {})[route.method.lower()] = _operation(route, by_query)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Steelyard boost gate",
            "version": API_VERSION,
            "description": "Ids are any text of 1 to 400 characters, percent-encoded in paths.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
        },
    }


def document_text() -> str:
    """The document as it is checked in."""
    return json.dumps(document(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _type_of(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type_of(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        most = f", at most {schema['maxItems']:,}" if "maxItems" in schema else ""
        return f"list of {_type_of(schema.get('items', {}))}{most}"
    limits = [
        f"{word} {schema[name]:,}"
        for name, word in (
            ("minimum", "from"),
            ("maximum", "to"),
            ("minLength", "from"),
            ("maxLength", "to"),
        )
        if name in schema
    ]
    unit = " characters" if "maxLength" in schema else ""
    words = schema.get("format", schema.get("type", "any value"))
    return f"{words}, {' '.join(limits)}{unit}" if limits else words


def http_page() -> str:
    """The reference page of the HTTP service, in Markdown."""
    lines = [
        "# HTTP service",
        "",
        "Generated by `make docs` from the schemas of the gate; the same as a machine reads it:",
        "[openapi.json](openapi.json), served at `/v1/openapi.json`.",
        "",
        "A key goes into the header `X-API-Key` (`steelyard key LAKE`). A body is strict JSON:",
        "no unknown field, no converted type, no key twice, no NaN. An id is any text of 1 to 400",
        "characters, percent-encoded as UTF-8 in a path. Clients and proxies rewrite paths with",
        "`..`, `%2F` or `//`: for such ids send the second form, with the id in the query.",
        "",
        "A problem has `code`, `message` and `where`. A path that is not below is a 404",
        "`no_such_path`, another method a 405 `method_not_allowed`.",
        "",
    ]
    for route in ROUTES:
        second = f" or `{route.query_path}?{route.id_name}=`" if route.id_name else ""
        lines += [
            f"## {route.name}",
            "",
            f"`{route.method} {route.path}`{second}",
            "",
            f"{route.summary} "
            + (f"Scope: `{route.scope}`." if route.scope else "No key is needed."),
            "",
        ]
        if route.body:
            lines += [f"Body: {route.body.__name__}.", ""]
        if route.answer:
            lines += [f"Answer: {route.answer.__name__}.", ""]
        codes = [
            f"{status} {', '.join(f'`{code}`' for code in codes)}"
            for status, codes in problem_codes(route).items()
        ]
        lines += [f"Problems: {'; '.join(codes)}.", ""]
    lines += ["## Schemas", ""]
    for name, schema in document()["components"]["schemas"].items():
        lines += [f"### {name}", "", schema.get("description", ""), ""]
        lines += ["| field | type | required |", "|---|---|---|"]
        required = schema.get("required", [])
        lines += [
            f"| `{field}` | {_type_of(one)} | {'yes' if field in required else 'no'} |"
            for field, one in schema["properties"].items()
        ]
        lines.append("")
    return "\n".join(lines)

"""Requests of every route, mutated: JSON by structure and by byte, ids, paths, headers, methods."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote, unquote

IDS = (
    "gid://shop/12", "..", ".", "/", "%2F", "%", "a+b", "a b", "a=b&c=d", "?", "#", "直播🛒", "é",
    "e\u0301", "\u0000", "\n", "\u2028", "\u202e", '"', "\\", "x" * 400, "x" * 401, "", " ",
    "../../metrics", "minutes", "null", "0", "-1",
)  # fmt: skip
TOKENS = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-400", "-0", "-0.0", "0.5", "-1", "1.0",
    "9007199254740993", "1" * 400, "1" * 4_400, "1" * 20_000, '"1.5"', '""', '"\\ud800"',
    '"\\udc00\\ud800"', '"\\u0000"', '"\\u003a"', "null", "true", "[]", "{}", "[null]",
    "[" * 150 + "]" * 150, "[" * 3_000 + "]" * 3_000, '{"a":' * 900 + "1" + "}" * 900,
    '{"a":1,"a":2}', '"' + "x" * 401 + '"', '"2026-01-20T00:00:00Z"', '"2026-01-20T00:00:00"',
    '"9999-12-31T23:59:59+14:00"', "2881", "1e12", "1000000000001", "'a'", "undefined", "01",
)  # fmt: skip
CONTENT_TYPES = (
    b"application/json", b"application/json; charset=utf-8", b"APPLICATION/JSON", b"text/plain",
    b"", b"application/vnd.bentoml+pickle", b"multipart/form-data", b"\xff",
)  # fmt: skip
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "X")
PATHS = (
    b"/", b"//", b"/v1", b"/v1/", b"/v1/boost-check/", b"/V1/boost-check", b"/v1/operators",
    b"/v1/sessions//minutes", b"/v1/sessions/minutes", b"/v1/credit/%00", b"/v1/credit/%ff",
    b"/v1/credit/%", b"/v1/operators/../../metrics", b"/healthz", b"/readyz", b"/metrics",
    b"/v1/openapi.json", b"/v1/%62oost-check",
)  # fmt: skip
COUNTERS = ("viewers", "joins", "leaves", "likes", "comments", "follows", "orders", "gmv")


@dataclass(frozen=True)
class FuzzedRequest:
    """One request, as a server hands it on."""

    method: str
    path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def scope(self) -> dict[str, Any]:
        """Its ASGI scope."""
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": unquote(self.path.decode("latin-1")),
            "raw_path": self.path,
            "root_path": "",
            "query_string": self.query,
            "headers": list(self.headers),
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }

    def __str__(self) -> str:
        """Return method, path, query and the start of the body."""
        return f"{self.method} {self.path[:120]!r} {self.query[:80]!r} {self.body[:300]!r}"


def fuzzed_request(rng: Random, key: str, operators: list[str]) -> FuzzedRequest:
    """One request: a valid one, mutated in up to three places.

    Parameters
    ----------
    rng
        Decides everything.
    key
        A key of all scopes, sent most of the time.
    operators
        Ids that the published night knows.
    """
    method, path, query, value = _valid(rng, operators)
    body = b"" if value is None else _body(rng, value)
    if rng.random() < 0.05:
        method = rng.choice(METHODS)
    if rng.random() < 0.05:
        path = rng.choice(PATHS)
    if rng.random() < 0.05:
        path = _changed_bytes(rng, path)
    if rng.random() < 0.05:
        query = _changed_bytes(rng, query or b"operatorId=a")
    sent_key = key if rng.random() < 0.95 else rng.choice(("", "sk_", key[:-1], key + "x", "é"))
    kind = CONTENT_TYPES[0] if rng.random() < 0.95 else rng.choice(CONTENT_TYPES)
    headers = [(b"content-type", kind), (b"x-api-key", sent_key.encode())]
    if rng.random() < 0.1:
        lengths = (b"-1", b"1e9", b"99999999999999999999999", b"", b"\xb2", b"2000001", b"0")
        headers.append((b"content-length", rng.choice(lengths)))
    path, _, cut = path.partition(b"?")  # a server takes what follows for the query
    return FuzzedRequest(method, path or b"/", cut or query, tuple(headers), body)


def _id(rng: Random, operators: list[str]) -> str:
    choice = rng.random()
    if choice < 0.5:
        return rng.choice(operators)
    if choice < 0.8:
        return rng.choice(IDS)
    return "".join(chr(rng.choice((rng.randrange(128), rng.randrange(0xD7FF)))) for _ in range(6))


def _check(rng: Random, operators: list[str]) -> dict[str, Any]:
    check: dict[str, Any] = {
        "requestId": f"f{rng.getrandbits(40)}" if rng.random() < 0.9 else _id(rng, operators),
        "operatorId": _id(rng, operators),
    }
    if rng.random() < 0.3:
        check["sessionId"] = f"s{rng.randrange(50)}"
    if rng.random() < 0.2:
        check["minutes"] = _minutes(rng)
    if rng.random() < 0.1:
        check["at"] = "2026-01-20T12:00:00Z"
    return check


def _minutes(rng: Random) -> list[dict[str, Any]]:
    return [
        {"minute": i} | {name: float(rng.randrange(50)) for name in rng.sample(COUNTERS, 3)}
        for i in range(rng.randrange(1, 15))
    ]


def _valid(rng: Random, operators: list[str]) -> tuple[str, bytes, bytes, Any]:
    """Method, path, query and body of a request that the schemas describe."""
    name = _id(rng, operators)
    escaped, as_query = quote(name, safe=""), rng.random() < 0.3
    choice = rng.random()
    if choice < 0.45:
        return "POST", b"/v1/boost-check", b"", _check(rng, operators)
    if choice < 0.6:
        checks = [_check(rng, operators) for _ in range(rng.randrange(1, 6))]
        return "POST", b"/v1/boost-checks", b"", {"checks": checks}
    if choice < 0.75:
        session = f"s{rng.randrange(50)}" if rng.random() < 0.7 else name
        escaped = quote(session, safe="")
        owner = {"operatorId": _id(rng, operators), "minutes": _minutes(rng)}
        if as_query:
            return "PUT", b"/v1/sessions/minutes", f"sessionId={escaped}".encode(), owner
        return "PUT", f"/v1/sessions/{escaped}/minutes".encode(), b"", owner
    route = rng.choice(("operators", "credit"))
    if as_query:
        return "GET", f"/v1/{route}".encode(), f"operatorId={escaped}".encode(), None
    return "GET", f"/v1/{route}/{escaped}".encode(), b"", None


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a value with each of its keys or indices."""
    found = []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for at, below in items:
        found.append((value, at))
        if isinstance(below, dict | list):
            found += _places(below)
    return found


def _body(rng: Random, value: Any) -> bytes:
    """A body as JSON, mutated by structure, then perhaps by byte."""
    raw: list[str] = []
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        places = _places(value)
        if not places:
            break
        container, at = rng.choice(places)
        choice = rng.random()
        if choice < 0.6:
            container[at] = f"@raw{len(raw)}@"
            raw.append(rng.choice(TOKENS))
        elif choice < 0.75:
            del container[at]
        elif choice < 0.9 and isinstance(container, dict):
            container[rng.choice((*IDS, "operatorId", "minutes", "x:y"))] = 1
        else:
            container[at] = json.loads(json.dumps(value))
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5)
    for number, token in enumerate(raw):
        text = text.replace(f'"@raw{number}@"', token)
    if rng.random() < 0.08 and "{" in text:  # a member twice
        at = rng.choice([i for i, c in enumerate(text) if c == "{"]) + 1
        member = rng.choice(('"operatorId":"a",', '"k":1,"k":2,', '"requestId":"r",'))
        text = text[:at] + member + text[at:]
    body = text.encode("utf-8", "surrogatepass")
    return _changed_bytes(rng, body) if rng.random() < 0.1 else body


def _changed_bytes(rng: Random, text: bytes) -> bytes:
    """Bytes with one of them changed, a piece removed, doubled or put in."""
    at, choice = rng.randrange(len(text) + 1), rng.random()
    end = min(len(text), at + rng.randrange(1, 9))
    if choice < 0.4 and at < len(text):
        return text[:at] + bytes([rng.randrange(256)]) + text[at + 1 :]
    if choice < 0.6:
        return text[:at] + text[end:]
    if choice < 0.8:
        return text[:end] + text[at:]
    return text[:at] + rng.randbytes(rng.randrange(1, 9)) + text[at:]

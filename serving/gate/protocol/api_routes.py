"""The routes of the service: declared once, for the dispatcher and for the OpenAPI document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from serving.gate import schemas
from serving.gate.protocol.ids import IdRefused, id_in_path, id_in_query, raw_path

BOOST_PATH = "/v1/boost-check"


@dataclass(frozen=True)
class ApiRoute:
    """One route: method, path, scope of its key, and schemas of body and answer.

    Parameters
    ----------
    name
        Label in the metrics.
    method, path
        The path may have one `{id}`. `query_path` is its second form.
    scope
        Scope that the key needs; None for a route without a key.
    summary
        One sentence for a caller.
    body, answer
        Schemas; an answer of None is text or JSON without a schema.
    codes
        Codes of the problems that this route has besides the common ones, by status.
    """

    name: str
    method: str
    path: str
    scope: str | None
    summary: str
    body: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    codes: tuple[tuple[int, str], ...] = ()

    @property
    def id_name(self) -> str | None:
        """Name of the id in the path, None for a path without one."""
        return self.path.partition("{")[2].partition("}")[0] or None

    @property
    def query_path(self) -> str:
        """The path without its id, which then is a query parameter."""
        return self.path.replace("/{" + (self.id_name or "") + "}", "")

    def requested_id(self, scope: Any) -> str:
        """The id that a request of this route names. Raises IdRefused."""
        if self.id_name is None:
            raise IdRefused("the path has no id")
        path, (before, after) = raw_path(scope), self._around_id()
        if path == self.query_path.encode():
            return id_in_query(scope.get("query_string", b""), self.id_name)
        return id_in_path(path[len(before) : len(path) - len(after)])

    def matches(self, path: bytes) -> bool:
        """Whether a path, as it was sent, is one of this route."""
        if path == self.query_path.encode():
            return True
        before, after = self._around_id()
        return (
            self.id_name is not None
            and path.startswith(before)
            and path.endswith(after)
            and len(path) >= len(before) + len(after)
        )

    def _around_id(self) -> tuple[bytes, bytes]:
        before, _, rest = self.path.encode().partition(b"{")
        return before, rest.partition(b"}")[2]


BOOST_CODES = ((409, "request_id_reused"), (409, "session_of_another_operator"))
ROUTES = [
    ApiRoute(
        "boost-check",
        "POST",
        BOOST_PATH,
        "boost",
        "Whether a room may be boosted. The same requestId gets the same answer.",
        schemas.BoostRequest,
        schemas.BoostAnswer,
        (*BOOST_CODES, (503, "ledger_unavailable")),
    ),
    ApiRoute(
        "boost-checks",
        "POST",
        "/v1/boost-checks",
        "boost",
        "Up to 1,000 boost checks; each is answered, or refused, as if it came alone.",
        schemas.BoostBatch,
        schemas.BatchAnswer,
        ((503, "ledger_unavailable"),),
    ),
    ApiRoute(
        "minutes",
        "PUT",
        "/v1/sessions/{sessionId}/minutes",
        "minutes",
        "Store public counters of a running session; a minute sent again replaces the old one.",
        schemas.MinutesRequest,
        schemas.MinutesAnswer,
        ((409, "session_of_another_operator"), (503, "store_down")),
    ),
    ApiRoute(
        "operators",
        "GET",
        "/v1/operators/{operatorId}",
        "read",
        "Tier, reasons and corrected figures of an operator.",
        answer=schemas.OperatorAnswer,
        codes=((404, "unknown_operator"),),
    ),
    ApiRoute(
        "credit",
        "GET",
        "/v1/credit/{operatorId}",
        None,
        "The public credit evaluation of an operator.",
        answer=schemas.CreditAnswer,
        codes=((404, "unknown_operator"),),
    ),
    ApiRoute(
        "credit-rules",
        "GET",
        "/v1/credit-rules",
        None,
        "The public rules of credit: weights, points, levels and what each allows.",
        answer=schemas.CreditRulesAnswer,
    ),
    ApiRoute("openapi", "GET", "/v1/openapi.json", "read", "This document."),
    ApiRoute("healthz", "GET", "/healthz", None, "Whether the process answers."),
    ApiRoute(
        "readyz", "GET", "/readyz", None, "Whether the service is of use; 503 says why it is not."
    ),
    ApiRoute("metrics", "GET", "/metrics", "read", "Counters for Prometheus."),
]
UNKNOWN_ROUTE = ApiRoute("unknown", "GET", "/", None, "Every other path, in the metrics.")


def methods_of(path: bytes) -> list[str]:
    """Methods that a path has, none for an unknown path."""
    return sorted({route.method for route in ROUTES if route.matches(path)})


def find_route(method: str, path: bytes) -> ApiRoute | None:
    """The route of a method and a path, as it was sent."""
    method = "GET" if method == "HEAD" else method
    return next((r for r in ROUTES if r.method == method and r.matches(path)), None)

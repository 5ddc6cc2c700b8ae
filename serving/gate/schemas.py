"""Schemas of requests and answers. Unknown fields, wrong types, NaN and Infinity are refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\w.:@-]+$")]
Count = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


class Strict(BaseModel):
    """A frozen model that accepts no unknown field and converts no type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Minute(Strict):
    """Public counters of one minute; a counter that is not sent is unknown."""

    minute: Annotated[int, Field(ge=0, le=2880)]
    viewers: Count | None = None
    joins: Count | None = None
    leaves: Count | None = None
    likes: Count | None = None
    likers: Count | None = None
    comments: Count | None = None
    commenters: Count | None = None
    follows: Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)] | None = None
    product_clicks: Count | None = None
    orders: Count | None = None
    buyers: Count | None = None
    gmv: Count | None = None
    new_account_joins: Count | None = None
    repeated_device_joins: Count | None = None
    granted: bool = False


class MinutesRequest(Strict):
    """Counters of a running session; sending a minute again replaces it."""

    operatorId: Identifier
    minutes: Annotated[list[Minute], Field(min_length=1, max_length=2881)]


class BoostRequest(Strict):
    """A question whether a room may be boosted; its counters come inline or were sent before."""

    requestId: Identifier
    operatorId: Identifier
    sessionId: Identifier | None = None
    minutes: Annotated[list[Minute], Field(max_length=2881)] | None = None
    at: AwareDatetime | None = None


class Evidence(Strict):
    """The signal that a hit rests on."""

    signal: str
    value: float
    unit: str
    peers: float | None
    window: str


class Hit(Strict):
    """One reason of an answer, with its evidence."""

    model: str
    reasonCode: str
    reason: dict[str, str]
    riskLevel: Literal["PASS", "REVIEW", "REJECT"]
    evidence: Evidence


class BoostAnswer(Strict):
    """The answer to a boost check."""

    requestId: str
    riskLevel: Literal["PASS", "REVIEW", "REJECT"]
    score: float
    suggestedAction: Literal["none", "popup", "warn", "limit_traffic", "block"]
    tier: Literal["A", "B", "C", "D"] | None
    hits: list[Hit]
    dimensions: dict[str, float | None]
    corrected: list[dict[str, Any]]
    attribution: Literal["beneficiary", "third_party", "unknown"]
    coldStart: bool
    dataAsOf: str | None
    modelVersion: str
    policyVersion: str
    degraded: bool
    degradedBy: list[str]
    expiresAt: str
    appeal: dict[str, Any]


class Problem(Strict):
    """A typed error: what is wrong, where, and how to mend it."""

    code: str
    message: str
    where: list[str]


def decode_strict_json(body: bytes) -> Any:
    """Standard JSON; the parser refuses NaN, Infinity and numbers beyond float64."""
    return msgspec.json.decode(body)

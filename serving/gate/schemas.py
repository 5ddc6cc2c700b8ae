"""Schemas of requests and answers. Unknown fields, wrong types, NaN and Infinity are refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from serving.gate.protocol.ids import Identifier

MAX_BATCH_CHECKS = 1_000
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
    streamerIds: Annotated[list[Identifier], Field(max_length=100)] | None = None
    at: AwareDatetime | None = None


class BoostBatch(Strict):
    """Boost checks that are asked together; each has its own requestId and its own answer."""

    checks: Annotated[list[BoostRequest], Field(min_length=1, max_length=MAX_BATCH_CHECKS)]


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


class Corrected(Strict):
    """A figure of an operator: as counted, and what is left of it."""

    measure: str
    unit: str
    counted: float
    estimate: float
    low: float
    high: float
    certainty: float | None


class Appeal(Strict):
    """The route and last moment of an appeal against a decision."""

    route: str
    days: int


class NotLookedAt(Strict):
    """One thing that an answer did not look at, and why."""

    part: Literal["session", "operator", "measures", "night"]
    code: str
    reason: dict[str, str]


class IdentityState(Strict):
    """A verification that is overdue or not known."""

    code: Literal["identity_overdue", "identity_not_verified"]
    verifiedAt: str | None
    renewalDays: int


class StreamerState(Strict):
    """Faults of the identity, age or label of a streamer."""

    streamerId: str
    codes: list[
        Literal[
            "identity_overdue",
            "identity_not_verified",
            "under_age",
            "guardian_consent_missing",
            "ai_host_not_labelled",
        ]
    ]


class BoostAnswer(Strict):
    """The answer to a boost check; `measures` are those in force, absent where there is none.

    `identity` is absent where the operator's verification is current, and `streamers` where nothing
    is wrong with those that the request names.
    """

    requestId: str
    riskLevel: Literal["PASS", "REVIEW", "REJECT"]
    score: float
    suggestedAction: Literal["none", "popup", "warn", "limit_traffic", "block"]
    tier: Literal["A", "B", "C", "D"] | None
    hits: list[Hit]
    dimensions: dict[str, float | None]
    corrected: list[Corrected]
    attribution: Literal["beneficiary", "third_party", "unknown"]
    coldStart: bool
    dataAsOf: str | None
    modelVersion: str
    policyVersion: str
    degraded: bool
    degradedBy: list[str]
    notLookedAt: list[NotLookedAt]
    answeredByPrior: list[Literal["operator", "session"]]
    expiresAt: str
    appeal: Appeal
    measures: list[dict[str, Any]] = []
    identity: IdentityState | None = None
    streamers: list[StreamerState] = []


class MinutesAnswer(Strict):
    """The number of stored minutes of a session."""

    sessionId: str
    minutes: int


class OperatorAnswer(Strict):
    """Tier, reasons and corrected figures of an operator."""

    operatorId: str
    tier: Literal["A", "B", "C", "D"]
    risk: float | None
    coldStart: bool
    isKeyOperator: bool
    measure: str
    why: dict[str, str]
    reasons: list[dict[str, Any]]
    corrected: list[Corrected]
    dataAsOf: str
    runId: str
    modelVersion: str
    policyVersion: str
    appeal: Appeal


class CreditAnswer(Strict):
    """The public credit evaluation of an operator; it shows no signal."""

    operatorId: str
    credit: float | None
    level: str
    subScores: dict[str, float | None]
    complaints: dict[str, int]
    entitlements: Any
    asOf: str
    policyVersion: str
    appeal: Appeal


class CreditRulesAnswer(Strict):
    """The public rules of credit; no threshold of a detector is in them."""

    policyVersion: str
    basis: str
    subScores: list[dict[str, Any]]
    unknown: dict[str, str]
    measures: list[dict[str, Any]]
    noticePoints: float
    complaintsPerHundredOrdersAtHalf: float
    halfLifeDays: float
    leastOrders: int
    levels: list[dict[str, Any]]
    appeal: Appeal


class Problem(Strict):
    """A typed error: what is wrong, where, and how to mend it."""

    code: str
    message: str
    where: list[str]


class BatchItem(Strict):
    """The answer to one check of a batch, or its problem, as a single check would have it."""

    status: int
    answer: BoostAnswer | None = None
    problem: Problem | None = None


class BatchAnswer(Strict):
    """Answers and problems in the order of the checks."""

    answers: list[BatchItem]

"""The schema of a policy file as pydantic models, made from the classes that the product reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from serving.policy.ladder import Step
from serving.policy.load import LIST_KEYS, SECTIONS

# Keys that are shares or probabilities, 0 to 1. Other numbers are 0 or more.
SHARES: Mapping[str, frozenset[str]] = {
    "tiers": frozenset(
        (
            "review_precision",
            "C",
            "D",
            "capacity_B",
            "capacity_C",
            "capacity_D",
            "review_session",
            "accuse_session",
            "false_discovery",
        )
    ),
    "influence": frozenset(
        ("key_share", "visits", "marketing", "other", "credit", "compliance", "goods")
    ),
    "measures": frozenset(("detector_risk", "detector_tail")),
    "credit": frozenset(("ratings", "complaints", "handling", "notices")),
    "boost": frozenset(("review", "reject")),
    "attribution": frozenset(("precision", "least_rated", "third_party", "beneficiary")),
    "findings": frozenset(("p_value", "successor_p_value")),
    "complaints": frozenset(("p_value",)),
    "night": frozenset(("short_share", "explain_from", "false_view", "account_share")),
    "mcn": frozenset(("compliance", "credit", "large_share")),
}
OF_ANY_SIGN = frozenset(("gain", "worst_loss"))  # [promotion]
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())


@dataclass(frozen=True)
class SchemaFault:
    """A fault at a place of the document: section, key, which entry of a list, and pydantic's type.

    `limit` is the bound that was crossed, `found` the value as it stands.
    """

    section: str
    key: str | None
    occurrence: int
    kind: str
    limit: str = ""
    found: str = ""


def schema_faults(document: Mapping[str, Any]) -> Iterator[SchemaFault]:
    """Faults of a parsed policy against the schema, section by section."""
    for name in ("version",):
        if not isinstance(document.get(name), str) or not document[name].strip():
            yield SchemaFault("", name, 0, "string_type" if name in document else "missing")
    known = {*SECTIONS, "ladder", "entitlements", "version", "approved_by", "approved_on"}
    for name in document:
        if name not in known:
            yield SchemaFault(name, None, 0, "extra_forbidden")
    for name in SECTIONS:
        yield from _faults(name, section_model(name), document.get(name, {}), 0)
    for name, model in (("ladder", step_model()), ("entitlements", entitlement_model())):
        entries = document.get(name)
        if not isinstance(entries, list) or not entries:
            yield SchemaFault(name, None, 0, "missing")
            continue
        for i, entry in enumerate(entries):
            yield from _faults(name, model, entry, i)


@cache
def section_model(name: str) -> type[BaseModel]:
    """The pydantic model of a section."""
    return _model(name, SECTIONS[name], SHARES.get(name, frozenset()))


@cache
def step_model() -> type[BaseModel]:
    """The pydantic model of a step of the ladder."""
    return _model("ladder", Step, frozenset())


@cache
def entitlement_model() -> type[BaseModel]:
    """The pydantic model of a level of credit; `from` is -1 for operators without a sub-score."""
    level: Any = Annotated[float, Field(alias="from", ge=-1, le=100)]
    columns: dict[str, Any] = {
        "level": (str, ...),
        "least": (level, ...),
        "allows": (list[str], ...),
    }
    return create_model("entitlements", __config__=STRICT, **columns)


def _model(name: str, kind: type, shares: frozenset[str]) -> type[BaseModel]:
    hints = get_type_hints(kind)
    columns: dict[str, Any] = {
        f.name: (_annotation(f.name, hints[f.name], f.name in shares), _default(f))
        for f in fields(kind)
    }
    return create_model(name, __config__=STRICT, **columns)


def _annotation(name: str, hint: Any, is_share: bool) -> Any:
    if name in LIST_KEYS:
        return list[str]
    if name in OF_ANY_SIGN:
        return hint
    if hint is float or hint is int or hint == float | None:
        return Annotated[hint, Field(ge=0, le=1) if is_share else Field(ge=0)]
    return hint


def _default(f: Any) -> Any:
    if f.default is not MISSING:
        return f.default
    return ... if f.default_factory is MISSING else f.default_factory()


def _faults(
    section: str, model: type[BaseModel], given: Any, occurrence: int
) -> Iterator[SchemaFault]:
    try:
        model.model_validate(given)
    except ValidationError as error:
        for e in error.errors(include_url=False):
            context = e.get("ctx", {})
            limit = context.get("le", context.get("ge", ""))
            key = str(e["loc"][0]) if e["loc"] else None
            found = "" if e["type"] == "missing" else str(e["input"])[:60]
            bound = f"{limit:g}" if limit != "" else ""
            yield SchemaFault(section, key, occurrence, e["type"], bound, found)

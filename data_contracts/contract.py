"""Contracts: the ODCS v3 documents in `tables/`, read into frozen records.

The YAML is the source of truth; nothing here repeats a column name.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources
from typing import Any

import pyarrow as pa
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from data_contracts.errors import LakeProblem

FIRST_REAL_TIME, END_OF_REAL_TIME = "1970-01-01", "2100-01-01"
# Some platforms keep the first receipt of a row that they complete later, by a refund for example.
MAX_DAYS_AFTER_RECEIPT = 366
# the compiled loader is ten times faster, and every command reads all contracts
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ARROW = {
    "VARCHAR": pa.string(),
    "TIMESTAMP": pa.timestamp("us"),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "VARCHAR[]": pa.list_(pa.string()),
}


@dataclass(frozen=True)
class Rule:
    """A condition that every good row fulfils: `sql` is true or null for a good row."""

    name: str
    column: str | None
    sql: str
    description: str


@dataclass(frozen=True)
class Column:
    """One column of a contract: its type, unit, meaning of null, role in time, closed list."""

    name: str
    type: str
    description: str
    unit: str
    null_means: str
    time_role: str | None
    key: bool
    formerly: str | None = None
    values: tuple[str, ...] | None = None

    @property
    def required(self) -> bool:
        """Whether null is not allowed."""
        return self.null_means == "not_allowed"


@dataclass(frozen=True)
class Contract:
    """A table's contract: its columns in order and the rules that a row must fulfil."""

    name: str
    version: str
    inbound: bool
    purpose: str
    limitations: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the columns whose values name a row."""
        return tuple(c.name for c in self.columns if c.key)

    @property
    def received(self) -> str | None:
        """Name of the column with the moment of receipt, None for outbound tables."""
        return next((c.name for c in self.columns if c.time_role == "received"), None)

    def column(self, name: str) -> Column:
        """Return a column by its name."""
        return next(c for c in self.columns if c.name == name)

    @property
    def former_names(self) -> dict[str, str]:
        """Former → current names of the columns that earlier versions named otherwise."""
        return {c.formerly: c.name for c in self.columns if c.formerly is not None}

    def arrow_schema(self) -> pa.Schema:
        """Arrow schema with the unit of each column as field metadata."""
        return pa.schema(
            [
                pa.field(c.name, ARROW[c.type], nullable=not c.required, metadata={"unit": c.unit})
                for c in self.columns
            ]
        )


def _time_rules(column: Column, received: str | None) -> list[Rule]:
    """Rules that set aside what exporters write for "no time": the years 1 and 9999, and kin."""
    if column.type != "TIMESTAMP":
        return []
    it = f'"{column.name}"'
    rules = [
        Rule(
            f"{column.name}_is_a_real_time",
            column.name,
            f"{it} >= TIMESTAMP '{FIRST_REAL_TIME}' AND {it} < TIMESTAMP '{END_OF_REAL_TIME}'",
            f"must lie between {FIRST_REAL_TIME} and {END_OF_REAL_TIME}",
        )
    ]
    if column.time_role == "occurred" and received is not None:
        rules.append(
            Rule(
                f"{column.name}_not_after_receipt",
                column.name,
                f'{it} <= "{received}" + INTERVAL {MAX_DAYS_AFTER_RECEIPT} DAY',
                f"must not lie more than {MAX_DAYS_AFTER_RECEIPT} days after its row was received",
            )
        )
    return rules


def _rules(prop: Any) -> list[Rule]:
    """Rules that follow from one property of an ODCS document."""
    rules = []
    name, options = prop.name, prop.logicalTypeOptions or {}
    it = f'"{name}"'
    if prop.required:
        rules.append(Rule(f"{name}_is_present", name, f"{it} IS NOT NULL", "must not be null"))
    if prop.logicalType == "number":
        rules.append(Rule(f"{name}_is_finite", name, f"isfinite({it})", "must be a finite number"))
    if "minimum" in options:
        low = options["minimum"]
        rules.append(
            Rule(f"{name}_not_below_{low:g}", name, f"{it} >= {low:g}", f"must be at least {low:g}")
        )
    if "maximum" in options:
        high = options["maximum"]
        words = f"must be at most {high:g}"
        rules.append(Rule(f"{name}_not_above_{high:.0f}", name, f"{it} <= {high:.0f}", words))
    if "maxLength" in options:
        low, high = options["minLength"], options["maxLength"]
        sql, words = f"length({it}) BETWEEN {low} AND {high}", f"{low} to {high} characters"
        rules.append(Rule(f"{name}_has_length", name, sql, words))
    values = _valid_values(prop) or ()
    for quality in prop.quality or []:
        listed = ", ".join(f"'{v}'" for v in values)
        rules.append(
            Rule(quality.name, name, f"{it} IN ({listed})", f"must be one of {', '.join(values)}")
        )
    return rules


def _valid_values(prop: Any) -> tuple[str, ...] | None:
    """Closed list of a column's words, None where any word may stand."""
    listed = [(quality.arguments or {})["validValues"] for quality in prop.quality or []]
    return tuple(listed[0]) if listed else None


def _custom(prop: Any) -> dict[str, str]:
    return {c.property: c.value for c in prop.customProperties or []}


def parse(text: str) -> Contract:
    """Read one ODCS v3 document.

    Raises
    ------
    pydantic.ValidationError
        The document is not valid.
    """
    document: Any = OpenDataContractStandard(**yaml.load(text, LOADER))
    schema = document.schema_[0]
    columns, rules = [], []
    for prop in schema.properties:
        custom = _custom(prop)
        columns.append(
            Column(
                name=prop.name,
                type=prop.physicalType,
                description=prop.description,
                unit=custom["unit"],
                null_means=custom["nullMeans"],
                time_role=custom.get("timeRole"),
                key=bool(prop.primaryKey),
                formerly=custom.get("formerly"),
                values=_valid_values(prop),
            )
        )
        rules += _rules(prop)
    inbound = "inbound" in (document.tags or [])
    received = next((c.name for c in columns if inbound and c.time_role == "received"), None)
    if inbound:
        rules += [rule for column in columns for rule in _time_rules(column, received)]
    for quality in schema.quality or []:
        rules.append(Rule(quality.name, None, quality.implementation, quality.description))
    return Contract(
        name=document.name,
        version=document.version,
        inbound=inbound,
        purpose=document.description.purpose,
        limitations=document.description.limitations,
        columns=tuple(columns),
        rules=tuple(rules),
    )


@functools.cache
def all_contracts() -> dict[str, Contract]:
    """Every contract by table name, in alphabetical order."""
    folder = resources.files("data_contracts") / "tables"
    documents = sorted(p.name for p in folder.iterdir() if p.name.endswith(".yaml"))
    parsed = [parse((folder / name).read_text(encoding="utf-8")) for name in documents]
    return {c.name: c for c in parsed}


def contract(name: str) -> Contract:
    """Return the contract of a table.

    Raises
    ------
    LakeProblem
        No table has that name; the message lists the names.
    """
    contracts = all_contracts()
    if name not in contracts:
        raise LakeProblem(f"no table is called {name!r}. Tables: {', '.join(contracts)}")
    return contracts[name]


def inbound_names() -> list[str]:
    """Names of the tables that a platform delivers."""
    return [c.name for c in all_contracts().values() if c.inbound]


def outbound_names() -> list[str]:
    """Names of the tables that a night publishes."""
    return [c.name for c in all_contracts().values() if not c.inbound]

"""The check of a draft: what is wrong, at which key and line, as a word that pages translate."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field

from serving.desk.laboratory.policy_schema import SchemaFault, schema_faults
from serving.desk.laboratory.policy_text import line_of
from serving.policy.load import BadPolicy, policy_of_text

SYNTAX_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
SECTION_NAMED = re.compile(r"policy \[+([\w.]+)\]+")
# Kinds of faults of the schema, and the words that pages have for them.
WORDS_OF_KIND = {
    "missing": "missing",
    "extra_forbidden": "unknown_key",
    "less_than_equal": "too_large",
    "greater_than_equal": "too_small",
    "finite_number": "no_number",
    "float_type": "no_number",
    "int_type": "no_integer",
    "int_from_float": "no_integer",
    "string_type": "no_text",
    "bool_type": "no_boolean",
    "list_type": "no_list",
    "dict_type": "no_table",
    "model_type": "no_table",
    "date_type": "no_date",
    "date_from_datetime_inexact": "no_date",
}
# Parts of what the loader says of values that contradict each other, and their words.
WORDS_OF_CONTRADICTION = {
    "0 <= review_precision": "order_of_tiers",
    "0 <= capacity_D": "order_of_capacities",
    "review_session, accuse_session": "positive_shares",
    "false_view is above 0": "positive_shares",
    "account_share": "positive_shares",
    "each code once": "codes_of_ladder",
    "boost is none": "step_of_ladder",
    "strictest names codes": "codes_of_ladder",
    "only a person may take": "measure_of_person",
    "a class is": "retention_class",
    "trade_years": "retention_floor",
    "live content is kept": "retention_floor",
    "are one of": "answer_level",
    "need a >= b": "order_of_grades",
    "takes effect": "notice_period",
    "open_days": "appeal_period",
}


@dataclass(frozen=True)
class PolicyProblem:
    """A fault of a draft.

    Attributes
    ----------
    code
        Key of the words, such as `too_large`.
    place
        Section and key, such as `tiers.C`; empty for the whole file.
    line
        Number of the line, from 1, where it can be told.
    values
        What the words name: `found`, `limit`, `column`.
    """

    code: str
    place: str
    line: int | None
    values: dict[str, str] = field(default_factory=dict)


def check_policy(text: str) -> list[PolicyProblem]:
    """Everything that is wrong with the text of a policy; empty for one that can be followed.

    Contradictions between values are looked for once the schema holds.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [_syntax_problem(text, str(error))]
    faults = [_schema_problem(text, f) for f in schema_faults(document)]
    if faults:
        return faults
    try:
        policy_of_text(text, "draft")
    except BadPolicy as error:
        return [_contradiction(text, str(error))]
    return []


def _syntax_problem(text: str, message: str) -> PolicyProblem:
    found = SYNTAX_PLACE.search(message)
    line = int(found[1]) if found else len(text.splitlines())
    return PolicyProblem("syntax", "", line, {"column": found[2] if found else "1"})


def _schema_problem(text: str, fault: SchemaFault) -> PolicyProblem:
    place = ".".join(part for part in (fault.section, fault.key) if part)
    line = None
    if fault.key is not None:
        line = line_of(text, fault.section, fault.key, fault.occurrence)
    line = line or line_of(text, fault.section, None, fault.occurrence)
    code = WORDS_OF_KIND.get(fault.kind, "wrong_value")
    return PolicyProblem(code, place, line, {"found": fault.found, "limit": fault.limit})


def _contradiction(text: str, message: str) -> PolicyProblem:
    named = SECTION_NAMED.search(message)
    section = named[1] if named else ""
    code = next((w for part, w in WORDS_OF_CONTRADICTION.items() if part in message), None)
    line = line_of(text, section) if section else None
    return PolicyProblem(code or "contradiction", section, line, {"found": message})

"""Refusals of acts on cases, which the pages word in the reader's language."""

from __future__ import annotations

from typing import Any

from data_contracts.errors import SteelyardError


class CaseRefused(SteelyardError):
    """An act on a case cannot be done as asked. Nothing was written.

    Parameters
    ----------
    key
        Key of the words, such as `cases.refused.held`.
    values
        What the words name: the person, the moment, the case.
    """

    exit_code = 21

    def __init__(self, key: str, **values: Any) -> None:
        """Make a refusal from the key of its words and what they name."""
        self.key, self.values = key, values
        named = ", ".join(f"{k} {v}" for k, v in values.items())
        super().__init__(f"{key.rpartition('.')[2].replace('_', ' ')}: {named}".rstrip(": "))

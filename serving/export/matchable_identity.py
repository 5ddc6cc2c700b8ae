"""Identities that two platforms can match without telling each other registration numbers.

An identity is the HMAC-SHA256 of a registration number under a key that the platforms agreed on.
Numbers are few enough to be guessed, so a digest without a secret key would disclose them.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from data_contracts.errors import SteelyardError

MIN_KEY_BYTES = 16
METHOD = "hmac-sha256 of the registration number"
COLUMNS = ("operator_id", "registration_number")
IGNORED = str.maketrans("", "", " -·.\t")


class BadIdentities(SteelyardError):
    """A file of registration numbers or an agreed key cannot be used."""

    exit_code = 12


@dataclass(frozen=True)
class AgreedIdentities:
    """Registration numbers of a platform's operators, and the key agreed with another platform.

    Attributes
    ----------
    key
        The agreed key.
    numbers
        Operator → registration number.

    Examples
    --------
    >>> one = AgreedIdentities(b"a key of two platforms", {"o1": "91330100MA2-A1B2C3X"})
    >>> two = AgreedIdentities(b"a key of two platforms", {"x9": "91330100ma2a1b2c3x"})
    >>> two.operator_of(one.identity_of("o1"))
    'x9'
    """

    key: bytes = field(repr=False)
    numbers: dict[str, str] = field(repr=False)

    @property
    def key_id(self) -> str:
        """Name of the key: the start of its digest, which does not disclose it."""
        return hashlib.sha256(b"steelyard agreed key\0" + self.key).hexdigest()[:16]

    def identity_of(self, operator: str) -> str | None:
        """Identity of an operator; None where its number is not known."""
        number = self.numbers.get(operator)
        return None if number is None else self._digest(number)

    def operator_of(self, identity: str | None) -> str | None:
        """The operator here with an identity; None where none has it, or several have."""
        found = self._operators.get(identity or "", [])
        return found[0] if len(found) == 1 else None

    @cached_property
    def _operators(self) -> dict[str, list[str]]:
        by_identity: dict[str, list[str]] = {}
        for operator, number in sorted(self.numbers.items()):
            by_identity.setdefault(self._digest(number), []).append(operator)
        return by_identity

    def _digest(self, number: str) -> str:
        return hmac.new(self.key, normalised(number).encode(), hashlib.sha256).hexdigest()


def normalised(number: str) -> str:
    """A registration number in one form: full-width letters, case and separators do not count."""
    return unicodedata.normalize("NFKC", number).upper().translate(IGNORED)


def read_identities(registry: Path, key_file: Path) -> AgreedIdentities:
    """Read a CSV file of registration numbers and a file with the agreed key.

    Raises
    ------
    BadIdentities
        A file cannot be read, the key is short, a column is missing, or an operator has two
        numbers.
    """
    try:
        key = key_file.read_bytes().strip()
        with registry.open(encoding="utf-8-sig", newline="") as handle:
            given = list(csv.DictReader(handle))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadIdentities(f"registry and key cannot be read: {error}") from error
    if len(key) < MIN_KEY_BYTES:
        raise BadIdentities(f"{key_file}: an agreed key has {MIN_KEY_BYTES} bytes or more")
    if not given or not set(COLUMNS) <= set(given[0]):
        raise BadIdentities(f"{registry}: needs rows with the columns {', '.join(COLUMNS)}")
    numbers: dict[str, str] = {}
    for one in given:
        operator, number = (one[name] or "" for name in COLUMNS)
        if not operator or not normalised(number):
            raise BadIdentities(f"{registry}: a row lacks its operator or its number")
        if normalised(numbers.setdefault(operator, number)) != normalised(number):
            raise BadIdentities(f"{registry}: operator {operator} has two numbers")
    return AgreedIdentities(key, numbers)

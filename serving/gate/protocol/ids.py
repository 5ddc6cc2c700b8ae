"""Ids in bodies and URLs: one rule for request, operator and session ids, that of the contracts.

An id is any text of 1 to 400 characters, compared character by character. In a path it is
percent-encoded as UTF-8. Clients and proxies rewrite some paths (`..`, `%2F`, `//`). So each path
with an id has a second form, with the id as a query parameter.
"""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import quote, unquote_to_bytes

from pydantic import Field

MIN_ID_CHARACTERS, MAX_ID_CHARACTERS = 1, 400  # `minLength` and `maxLength` of the contracts
Identifier = Annotated[
    str, Field(min_length=MIN_ID_CHARACTERS, max_length=MAX_ID_CHARACTERS, description="Any text.")
]
BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class IdRefused(ValueError):
    """A URL that names no id (400), or one that no contract accepts (422)."""

    def __init__(self, message: str, status: int = 400, code: str = "invalid_path") -> None:
        super().__init__(message)
        self.status, self.code = status, code


def raw_path(scope: Any) -> bytes:
    """The path of a request as it was sent, without its query."""
    raw = scope.get("raw_path")
    return quote(scope["path"]).encode() if raw is None else raw.partition(b"?")[0]


def _decoded(sent: bytes) -> str:
    if BROKEN_ESCAPE.search(sent):
        raise IdRefused("a percent sign in a URL is written %25")
    try:
        return unquote_to_bytes(sent).decode("utf-8")
    except UnicodeDecodeError as error:
        raise IdRefused("ids in a URL are percent-encoded UTF-8") from error


def checked_id(text: str) -> str:
    """An id that contracts accept. Raises IdRefused."""
    if not MIN_ID_CHARACTERS <= len(text) <= MAX_ID_CHARACTERS:
        raise IdRefused(
            f"an id has {MIN_ID_CHARACTERS} to {MAX_ID_CHARACTERS} characters",
            422,
            "invalid_field",
        )
    return text


def id_in_path(sent: bytes) -> str:
    """The id that a part of a path spells; a plus sign is a plus sign. Raises IdRefused."""
    return checked_id(_decoded(sent))


def id_in_query(query: bytes, name: str) -> str:
    """The id in a query string, which has that parameter and no other. Raises IdRefused.

    A plus sign is a space, as in forms; `%2B` is a plus sign.
    """
    found, equals, value = query.partition(b"=")
    if not equals or b"&" in query or _decoded(found) != name:
        raise IdRefused(f"the query has one parameter, {name}")
    return checked_id(_decoded(value.replace(b"+", b" ")))

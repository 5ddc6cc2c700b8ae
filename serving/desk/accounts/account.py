"""An account as pages and services see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """A person who is logged in: stable id, name, roles at the desk, and language.

    The name is that of the person in the roster of the lake, so its acts are signed by it.
    """

    id: str
    name: str
    roles: tuple[str, ...]
    language: str
    theme: str = "auto"

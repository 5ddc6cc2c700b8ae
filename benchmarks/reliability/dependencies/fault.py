"""One fault of a store of minutes, and the place where it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SESSION = "faulty"


@dataclass(frozen=True)
class Fault:
    """A fault of a store of minutes.

    Attributes
    ----------
    name
        What is broken.
    code
        Gap that the gate must name while it is.
    make, mend
        Break the place and mend it; what `make` returns is given to `mend`.
    lost
        The minutes are gone: they are sent again once the fault is mended.
    refuses_minutes
        Minutes cannot be stored meanwhile, and the service is not ready.
    """

    name: str
    code: str
    make: Callable[[Any], Any]
    mend: Callable[[Any, Any], None]
    lost: bool = False
    refuses_minutes: bool = False


def nothing(_place: Any, _made: Any) -> None:
    """Mend nothing: minutes that are sent again are enough."""

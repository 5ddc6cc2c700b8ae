"""Versions of an app as numbers that can be compared.

Platforms write them in many forms: 9.2, 30.5.1, v8, android-27.3.0.
"""

from __future__ import annotations

from typing import Any

MAJOR, MINOR = r"([0-9]+)", r"[0-9]+\.([0-9]+)"


def major(text: Any) -> Any:
    """The first whole number in a version, null where there is none: float64."""
    return text.re_extract(MAJOR, 1).try_cast("float64")


def number(text: Any) -> Any:
    """Major version and a hundredth of the minor one: 9.2 is 9.02, and 9.10 is 9.1.

    So the tenth minor version comes after the second.
    """
    minor = text.re_extract(MINOR, 1).try_cast("float64").fill_null(0.0).clip(0.0, 99.0)
    return major(text) + minor / 100

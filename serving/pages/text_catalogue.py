"""Texts of all pages in Chinese and English, and numbers and dates as each language writes them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from importlib import resources
from math import exp, isfinite, log
from typing import Any

LANGUAGES = ("zh", "en")
CHINA_STANDARD_TIME = timezone(timedelta(hours=8))
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Every text by `AREA.KEY`, from `texts/AREA.toml`."""
    found: dict[str, Mapping[str, str]] = {}
    for file in (resources.files("serving.pages") / "texts").iterdir():
        if file.name.endswith(".toml"):
            area = file.name.removesuffix(".toml")
            for key, text in tomllib.loads(file.read_text("utf-8")).items():
                found[f"{area}.{key}"] = text
    return found


def text(language: str, key: str, **values: Any) -> str:
    """A text with its values. Raises KeyError for one that is not declared."""
    found = texts()[key][language]
    return found.format(**values) if values else found


def word(language: str, area: str, code: str | None) -> str:
    """The text of a published code; the code itself where a platform brought its own."""
    if code is None:
        return text(language, "common.unknown")
    found = texts().get(f"{area}_{code}")
    return found[language] if found else str(code)


def number(language: str, value: float | None, digits: int = 0) -> str:
    """A number with separators of thousands; the word for unknown where there is none."""
    if value is None or not isfinite(value):
        return text(language, "common.unknown")
    return f"{value:,.{digits}f}"


def percent(language: str, share: float | None, digits: int = 0) -> str:
    """A share as per cent."""
    if share is None or not isfinite(share):
        return text(language, "common.unknown")
    return f"{100 * share:.{digits}f}%"


def magnitudes(language: str, nats: float | None) -> str:
    """Evidence against chance, published in nats, as orders of magnitude."""
    return number(language, None if nats is None else nats / log(10), 1)


def odds_factor(language: str, log_odds: float | None) -> str:
    """A change of log-odds as the factor by which odds change."""
    return number(language, None if log_odds is None else exp(log_odds), 2)


def day(language: str, value: date | None) -> str:
    """A date."""
    if value is None or value != value:  # NaT differs from itself
        return text(language, "common.unknown")
    if language == "zh":
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(language: str, value: datetime | None) -> str:
    """A moment in China Standard Time; one without a zone is UTC."""
    if value is None or value != value:
        return text(language, "common.unknown")
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    local = aware.astimezone(CHINA_STANDARD_TIME)
    return f"{day(language, local.date())} {local:%H:%M}"

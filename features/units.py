"""Units of signals, and how a value of each is printed in a reason, in Chinese and English.

The member's value is the name that published tables carry. A reason prints the signal's value and
the median of its peers in the same unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

MAX_SIGNIFICANT_DIGITS = 4  # beyond these a difference is too small to speak of


@dataclass(frozen=True)
class Wording:
    """How a number is worded: English for one and for several, Chinese, and its scale.

    `{n}` is the place of the number. `scale` turns a value into the number that readers know.
    """

    one: str
    many: str
    zh: str
    scale: Callable[[float], float] = float


def _percent(value: float) -> float:
    return 100.0 * value


def _counted(noun: str, zh: str, plural: str | None = None) -> Wording:
    """A count of things: `noun` in English, a measure word with its noun in Chinese."""
    return Wording(f"{{n}} {noun}", f"{{n}} {plural or noun + 's'}", f"{{n}} {zh}")


PERCENT = Wording("{n} %", "{n} %", "{n}%", _percent)
TIMES = Wording("{n} times", "{n} times", "{n} 倍")
FACTOR = Wording("{n} times", "{n} times", "{n} 倍", math.exp)  # of a logarithm
# Readers who are no statisticians know what chance is, not what a standard deviation is.
CHANCE = Wording(
    "{n} times the chance variation", "{n} times the chance variation", "偶然波动的 {n} 倍"
)


class Unit(StrEnum):
    """Unit of a signal: its published name, and the wording of its values."""

    wording: Wording

    def __new__(cls, name: str, wording: Wording) -> Unit:
        """A member that is its published name."""
        unit = str.__new__(cls, name)
        unit._value_ = name
        unit.wording = wording
        return unit

    SHARE = "share", PERCENT
    SHARE_OF_ACCOUNTS = "share of accounts", PERCENT
    SHARE_OF_ACTIONS = "share of actions", PERCENT
    SHARE_OF_COMMENTS = "share of comments", PERCENT
    SHARE_OF_FOLLOWS = "share of follows", PERCENT
    SHARE_OF_GAPS = "share of gaps", PERCENT
    SHARE_OF_JOINS = "share of joins", PERCENT
    SHARE_OF_LENGTH = "share of length", PERCENT
    SHARE_OF_LIKES = "share of likes", PERCENT
    SHARE_OF_MINUTES = "share of minutes", PERCENT
    SHARE_OF_ORDERS = "share of orders", PERCENT
    SHARE_OF_PARCELS = "share of parcels", PERCENT
    SHARE_OF_RATED_ORDERS = "share of rated orders", PERCENT
    SHARE_OF_REVIEWS = "share of reviews", PERCENT
    SHARE_OF_VIEWERS = "share of viewers", PERCENT
    SHARE_OF_VIEWS = "share of views", PERCENT
    VIEWERS_PER_VIEWER = "viewers per viewer", PERCENT
    DIFFERENCE_OF_SHARES = (
        "difference of shares",
        Wording("{n} percentage points", "{n} percentage points", "{n} 个百分点", _percent),
    )

    ACCOUNTS = "accounts", _counted("account", "个账号")
    ACTIONS = "actions", _counted("action", "次互动")
    BUYERS = "buyers", _counted("buyer", "名买家")
    CLICKS = "clicks", _counted("click", "次点击")
    COMMENTS = "comments", _counted("comment", "条评论")
    COMPLAINTS = "complaints", _counted("complaint", "起投诉")
    DEVICES = "devices", _counted("device", "台设备")
    FOLLOWS = "follows", _counted("follow", "个关注")
    LIKES = "likes", _counted("like", "个赞")
    OPERATORS = "operators", _counted("operator", "个运营者")
    ORDERS = "orders", _counted("order", "单")
    PAYERS = "payers", _counted("payment account", "个支付账户")
    PREFIXES = "prefixes", _counted("network prefix", "个网段", "network prefixes")
    REVIEWS = "reviews", _counted("review", "条评价")
    ROOMS = "rooms", _counted("room", "个直播间")
    SCANS = "scans", _counted("scan", "次扫描")
    SENDERS = "senders", _counted("sender", "个寄件人")
    SESSIONS = "sessions", _counted("session", "场")
    STARS = "stars", _counted("star", "星")
    VERSIONS = "versions", _counted("version", "个版本")
    VIEWERS = "viewers", _counted("viewer", "人")
    VIEWS = "views", _counted("view", "次观看")

    SECONDS = "seconds", _counted("second", "秒")
    MINUTES = "minutes", _counted("minute", "分钟")
    HOURS = "hours", _counted("hour", "小时")
    DAYS = "days", _counted("day", "天")
    GRAMS = "g", _counted("g", "克", "g")
    LEVEL = "level", Wording("level {n}", "level {n}", "{n} 级")

    FOLLOWS_PER_1000_VIEWS = (
        "follows per 1,000 views",
        Wording(
            "{n} follow per 1,000 views", "{n} follows per 1,000 views", "每千次观看 {n} 个关注"
        ),
    )
    FAULTS_PER_VIEW = (
        "faults per view",
        Wording(
            "{n} suspicious trace per view", "{n} suspicious traces per view", "每次 {n} 处疑点"
        ),
    )
    FAULTS_PER_ORDER = (
        "faults per order",
        Wording(
            "{n} suspicious trace per order", "{n} suspicious traces per order", "每单 {n} 处疑点"
        ),
    )
    EDGES_PER_NODE = "edges per node", _counted("link per buyer", "条关联", "links per buyer")
    ORDERS_PER_BUYER = (
        "orders per buyer",
        Wording("{n} order per buyer", "{n} orders per buyer", "平均每名买家 {n} 单"),
    )
    ORDERS_PER_OPERATOR = (
        "orders per operator",
        Wording("{n} order per operator", "{n} orders per operator", "平均每个运营者 {n} 单"),
    )
    CORRELATION = "correlation", Wording("{n}", "{n}", "{n}")
    RATIO = "ratio", TIMES
    LOG = "log", FACTOR
    LOG_ODDS = "log-odds", FACTOR
    NATS_PER_VIEW = "nats per view", FACTOR
    SPREADS = "spreads", CHANCE
    STANDARD_DEVIATIONS = "standard deviations", CHANCE
    ANOMALY_SCORE = "points of deviance", Wording("{n}", "{n}", "{n}")
    FLAG = "flag", Wording("{n}", "{n}", "{n}")

    @property
    def is_share_of_counts(self) -> bool:
        """Whether a value is a share of counted observations, 0 to 1."""
        return self.startswith("share of ")

    def printed(self, value: float, digits: int = 2) -> tuple[str, str]:
        """A value in Chinese and in English, with so many significant digits at least."""
        if self is Unit.FLAG:
            return ("是", "yes") if value >= 0.5 else ("否", "no")
        n = _number(self.wording.scale(value), digits)
        english = self.wording.one if n == "1" else self.wording.many
        return self.wording.zh.format(n=n), english.format(n=n)

    def printed_pair(self, value: float, median: float) -> tuple[tuple[str, str], tuple[str, str]]:
        """A value and its peers' median, with as many digits as it takes to tell them apart."""
        digits = 2
        while digits < MAX_SIGNIFICANT_DIGITS and self.printed(value, digits) == self.printed(
            median, digits
        ):
            digits += 1
        return self.printed(value, digits), self.printed(median, digits)


def _number(value: float, digits: int) -> str:
    """A number with `digits` significant digits at least; whole digits are never rounded away."""
    size = abs(value)
    places = digits - 1 - math.floor(math.log10(size)) if size > 0 else 0
    text = f"{value:,.{min(max(places, 0), 6)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text

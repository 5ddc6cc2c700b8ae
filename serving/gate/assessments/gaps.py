"""Gaps of an answer, `notLookedAt`: each has a code, words, and an effect on the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

MAX_CLOCK_SKEW = timedelta(minutes=5)  # between the machine of the night and this one


@dataclass(frozen=True)
class Gap:
    """Something that an answer did not look at.

    `part` is what was not looked at. `degrades`: something is broken or old, and a person has to
    mend it; such an answer neither passes nor rejects. `holds`: an answer with it is no PASS.
    """

    part: str
    zh: str
    en: str
    degrades: bool = True
    holds: bool = True


def _of_delivery(zh: str, en: str, part: str = "night") -> Gap:
    """A gap of the delivery, which is said and changes no answer."""
    return Gap(part, zh, en, degrades=False, holds=False)


GAPS = {
    "store_down": Gap(
        "session",
        "分钟数据存储无响应，未查看本场直播的分钟数据",
        "the store of minutes does not answer; the minutes of the session were not looked at",
    ),
    "minutes_lost": Gap(
        "session",
        "本场直播的分钟数据曾经收到，现已部分或全部丢失",
        "minutes of the session were received before, and some or all of them are gone",
    ),
    "minutes_invalid": Gap(
        "session",
        "本场直播已存储的分钟数据已损坏",
        "the stored minutes of the session are damaged",
    ),
    "minutes_never_sent": Gap(
        "session",
        "未收到本场直播的任何分钟数据",
        "no minutes of the session were received",
    ),
    "counters_unknown": Gap(
        "session",
        "收到了分钟数据，但其中没有任何可用的计数",
        "minutes of the session were received, and none of their counters is known",
    ),
    "too_few_minutes": Gap(
        "session",
        "本场直播的分钟数据太少，尚不能评估",
        "the session has too few minutes to be assessed yet",
        degrades=False,
    ),
    "session_not_named": Gap(
        "session",
        "请求未指明直播场次，仅查看了运营者",
        "the request names no session; only the operator was looked at",
        degrades=False,
        holds=False,
    ),
    "session_cleared": Gap(
        "session",
        "针对本场直播的申诉成立，其分钟数据不再作为依据",
        "an appeal about this session was won; its minutes are no evidence any more",
        degrades=False,
        holds=False,
    ),
    "live_model_missing": Gap(
        "session",
        "未加载平台自有的实时模型",
        "the platform's own model of running sessions is not loaded",
    ),
    "peers_missing": Gap(
        "session",
        "已发布的当夜结果中没有可供比较的直播",
        "the published night has no sessions to compare the session with",
    ),
    "operator_unknown": Gap(
        "operator",
        "已发布的当夜结果中没有该运营者",
        "the published night does not know the operator",
        degrades=False,
    ),
    "operator_not_scored": Gap(
        "operator",
        "已发布的当夜结果没有给出该运营者的风险",
        "the published night has no risk of the operator",
    ),
    "measures_unverified": Gap(
        "measures",
        "已采取措施的记录无法核验",
        "the record of measures in force cannot be verified",
    ),
    "night_missing": Gap("night", "尚无已发布的当夜结果", "no night is published"),
    "night_stale": Gap(
        "night",
        "最近发布的当夜结果已过期",
        "the last published night is older than the policy allows",
    ),
    "night_in_future": Gap(
        "night",
        "已发布的当夜结果的日期晚于当前时间",
        "a published night is dated after this moment",
    ),
    "night_unreadable": Gap(
        "night",
        "最新发布的当夜结果无法读取，沿用之前的结果",
        "the newest published night cannot be read; an earlier one is in force",
    ),
    "night_unverified": Gap(
        "night",
        "已发布的当夜结果未被记录完整核验",
        "the record does not vouch for every file of the published night",
    ),
    "night_without_models": Gap(
        "night",
        "最新发布的当夜结果缺少平台自有模型，沿用之前的结果",
        "the newest published night lacks the platform's own models; an earlier one is in force",
    ),
    "views_not_delivered": _of_delivery(
        "未交付观看明细，未逐条核查观看",
        "views were not delivered; single views were not looked at",
    ),
    "views_short": _of_delivery(
        "观看明细交付不足，部分场次未核查",
        "views were delivered in part; some sessions were not looked at by their views",
    ),
    "room_minutes_not_delivered": _of_delivery(
        "未交付分钟数据，当夜结果未使用平台计数",
        "counters by the minute were not delivered; the night did not look at them",
    ),
    "room_minutes_short": _of_delivery(
        "分钟数据交付不足，部分场次未核查",
        "counters by the minute were delivered in part; some sessions were looked at without them",
    ),
    "interactions_not_delivered": _of_delivery(
        "未交付互动明细，未核查点赞、评论和关注",
        "interactions were not delivered; likes, comments and follows were not looked at",
    ),
    "interactions_short": _of_delivery(
        "互动明细交付不足，部分场次未核查",
        "interactions were delivered in part; some sessions were looked at without them",
    ),
    "identities_not_delivered": _of_delivery(
        "未交付运营者的身份核验时间，未核查核验是否逾期",
        "verifications of identity were not delivered; whether they are overdue is not known",
        part="operator",
    ),
    "streamers_not_delivered": _of_delivery(
        "未交付主播信息，未核查所指明主播的身份、年龄和标识",
        "streamers were not delivered; identity, age and labels of those named are not known",
        part="session",
    ),
    "delivery_suspicious": _of_delivery(
        "交付的数据有可疑之处，详见当夜运行记录",
        "the delivery looks wrong in places; the run of the night names them",
    ),
}


def delivery_gaps(suspicions: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Codes of what a night's delivery lacked or got wrong, from its `suspicions`.

    They are said and change no answer: what is unknown moves no tier (ADR-0262).
    """
    found = set()
    for s in suspicions:
        code = f"{s['table']}_{s['kind']}"
        if code in GAPS or s["kind"] != "not_delivered":  # no orders: the platform has no trade
            found.add(code if code in GAPS else "delivery_suspicious")
    return tuple(sorted(found))


def degrading(codes: Iterable[str]) -> list[str]:
    """Codes of gaps that degrade an answer."""
    return [code for code in codes if GAPS[code].degrades]


def holds(codes: Iterable[str]) -> bool:
    """Whether one of the gaps keeps an answer from passing."""
    return any(GAPS[code].holds for code in codes)


def not_looked_at(codes: Iterable[str]) -> list[dict[str, Any]]:
    """Gaps as an answer lists them."""
    return [
        {"part": GAPS[c].part, "code": c, "reason": {"zh": GAPS[c].zh, "en": GAPS[c].en}}
        for c in codes
    ]

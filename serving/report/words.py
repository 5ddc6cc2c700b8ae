"""Words of published codes in the report, in Chinese and English."""

from __future__ import annotations

from markupsafe import Markup

from serving.policy.schema import Policy

WORDS = {
    "none": ("无", "none"),
    "unknown": ("未知", "unknown"),
    "behaviour": ("行为", "behaviour"),
    "data": ("数据", "data"),
    "model": ("模型", "model"),
    "policy": ("政策", "policy"),
    "override": ("人工设定", "a person's decision"),
    "notice": ("通知或措施", "a notice or measure"),
    "appeal": ("申诉", "an appeal"),
    "bound": ("误判上界", "the bound"),
    "risk": ("风险", "risk"),
    "sessions": ("近期场次", "recent sessions"),
    "anomaly": ("异常分", "anomaly score"),
    "clean_period": ("观察期未满", "clean period not over"),
    "credit": ("信用", "credit"),
    "visits": ("观看", "visits"),
    "marketing": ("营销", "marketing"),
    "other": ("其他", "other"),
    "compliance": ("合规", "compliance"),
    "goods": ("商品种类", "kind of goods"),
    "views": ("观看次数", "views"),
    "unique_viewers": ("观看人数", "unique viewers"),
    "likes": ("点赞", "likes"),
    "follows": ("关注", "follows"),
    "orders": ("订单", "orders"),
    "net_sales": ("净销售额（元）", "net sales (CNY)"),
    "excellent": ("优秀", "excellent"),
    "good": ("良好", "good"),
    "fair": ("一般", "fair"),
    "poor": ("较差", "poor"),
    "unrated": ("未评级", "unrated"),
    "boosts": ("投流", "boosts"),
    "raids": ("导流与连线", "raids and links"),
    "joins": ("进入", "joins"),
    "lockstep": ("同步行动", "lockstep"),
    "shared_identity": ("共用身份", "shared identity"),
    "co_purchase": ("共同购买", "co-purchase"),
    "traffic_to_known_risk": ("向已知风险方导流", "traffic to a known risk"),
    "review_suppression": ("删除差评", "bad reviews removed"),
    "evasion_by_successor": ("疑似换号重开", "seems to continue a barred operator"),
    "abusive_complaints": ("滥用投诉", "abusive complaints"),
    "viewers": ("在线人数", "viewers"),
    "comments": ("评论", "comments"),
    "minute": ("分钟", "minute"),
    "operators": ("运营者", "operators"),
    "before": ("前一夜", "before"),
    "tonight": ("今夜", "tonight"),
    "link": ("联系", "link"),
    "purchases": ("购买", "purchases"),
    "shared identity": ("共用身份", "shared identity"),
    "complete": ("已完成", "complete"),
}


def label(language: str, code: str) -> str:
    """The words of a code in one language."""
    zh, en = WORDS.get(code, (code, code))
    return zh if language == "zh" else en


def bilingual(zh: str, en: str) -> Markup:
    """A text of which the page shows one language, or both."""
    return Markup('<span class="en">{}</span> <span class="zh">{}</span>').format(en, zh)


def word(code: str | None) -> Markup:
    """The words of a code; the code itself where a platform brought its own."""
    zh, en = WORDS.get(code or "none", (str(code), str(code)))
    return bilingual(zh, en)


def measure_words(code: str, policy: Policy) -> Markup:
    """The name of a measure on the ladder."""
    step = next((s for s in policy.ladder if s.code == code), None)
    return word(code) if step is None else bilingual(step.zh, step.en)

"""On what a night rests: the model of each kind of entity, and the tables that it read."""

from __future__ import annotations

import pandas as pd

from data_contracts.contract import inbound_names
from features.declaration import ACCOUNT, OPERATOR, ORDER, SESSION
from features.former_names import BY_ANY_NAME
from serving.nightly.corrected_night import CorrectedNight
from serving.pages.text_catalogue import word
from serving.scoring.entity_scores import EntityScores

NAMES = {
    SESSION: ("场次", "sessions"),
    ORDER: ("订单", "orders"),
    OPERATOR: ("运营者", "operators"),
    ACCOUNT: ("账号", "accounts"),
}
MEASURES_OF_ORDERS = ("orders", "net_sales")


def basis_of_night(corrected: CorrectedNight) -> list[dict[str, str]]:
    """On what the scores of each kind of entity rest: entity, zh and en."""
    scored = corrected.scored
    rows = []
    for entity, (zh, en) in NAMES.items():
        found = scored.entities.get(entity)
        if found is None or not len(found.signals):
            rows.append(_row(entity, f"没有{zh}被评分", f"no {en} are scored"))
            continue
        figures = _corrected(corrected.figures, entity)
        rows.append(_of_entity(entity, found, figures))
    return rows


def _row(entity: str, zh: str, en: str) -> dict[str, str]:
    return {"entity": entity, "zh": zh, "en": en}


def _of_entity(entity: str, scores: EntityScores, figures: list[str]) -> dict[str, str]:
    """The sentence of one kind of entity."""
    zh_name, en_name = NAMES[entity]
    number = len(scores.signals)
    columns = scores.release.columns if scores.release is not None else list(scores.signals.columns)
    columns = [c for c in columns if c in scores.signals]
    known = [c for c in columns if scores.signals[c].notna().any()]
    tables = {t for c in known if c in BY_ANY_NAME for t in BY_ANY_NAME[c].reads}
    named = ", ".join(n for n in inbound_names() if n in tables)
    zh_how, en_how = _how(scores, en_name)
    zh_tables = f"依据 {named}" if named else "没有可依据的表"
    zh = f"{number} 个{zh_name}：{zh_how}；{zh_tables}，{len(columns)} 个信号中 {len(known)} 个已知"
    en = (
        f"{number} {en_name}: {en_how}; from {named or 'none'}, "
        f"{len(known)} of {len(columns)} signals are known"
    )
    if figures:
        zh += f"；已更正并给出区间：{'、'.join(word('zh', 'dossier.measure', m) for m in figures)}"
        en += f"; corrected with intervals: {', '.join(figures)}"
    elif entity in (SESSION, ORDER):
        zh += "；数字未更正"
        en += "; figures are counted and not corrected"
    return _row(entity, zh, en)


def _how(scores: EntityScores, en_name: str) -> tuple[str, str]:
    """The basis of a ranking of entities, in Chinese and English."""
    if scores.release is None:
        return (
            "仅按与同类的偏差排序，不是概率",
            f"ranked by their distance from other {en_name} alone, which is no probability",
        )
    if scores.release.is_prior:
        return (
            "按随产品发布的先验评分（学自模拟平台，未使用本平台的裁定）",
            "scored by the released prior, learned on simulated platforms and on no verdict of "
            "this one",
        )
    version = scores.release.version
    return f"按本平台训练的模型 {version} 评分", f"scored by the platform's own model {version}"


def _corrected(figures: pd.DataFrame, entity: str) -> list[str]:
    """Measures of an entity that have an interval with a certainty."""
    if figures.empty:
        return []
    known = figures[figures["certainty"].notna()]
    if entity == ORDER:  # what is taken from orders is a figure of their operators
        return sorted(known.loc[known["measure"].isin(MEASURES_OF_ORDERS), "measure"].unique())
    return sorted(known.loc[known["entity_kind"] == entity, "measure"].unique())

"""LightGBM's model text, validated before LightGBM reads it (ADR-0231).

LightGBM trusts its text: a wrong size, index or tree makes it read foreign memory, or aborts the
process. A text is therefore held against a grammar that is stricter than LightGBM's, and its trees
must be trees.

References
----------
Ke et al. (2017), LightGBM. NeurIPS. The text format is version 4 of `Booster.model_to_string`.
"""

from __future__ import annotations

import re

import lightgbm as lgb
import numpy as np

from data_contracts.errors import ArtefactRefused
from features.catalogue import signals_named
from features.peers.comparison import input_constraints
from training.estimator.combination import Combination

MAX_TEXT_BYTES = 64 * 1024 * 1024
NUMBER = r"-?(?:\d{1,24}(?:\.\d{1,24})?(?:e[+-]\d{1,3})?)"
RANGE = rf"(?:none|\[{NUMBER}:{NUMBER}\])"
NUMBERS = rf"(?:{NUMBER}(?: {NUMBER})*)?"
# A split between known and unknown values has an endless threshold.
THRESHOLDS = rf"(?:(?:{NUMBER}|-?inf)(?: (?:{NUMBER}|-?inf))*)?"
INTEGERS = r"(?:-?\d{1,12}(?: -?\d{1,12})*)?"
HEADER = re.compile(
    r"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
    r"max_feature_idx=(?P<last>\d{1,6})\n"
    r"objective=(?:binary sigmoid:1|quantile|regression)\n"
    r"feature_names=(?P<names>\w+(?: \w+)*)\n"
    r"(?:monotone_constraints=(?P<constraints>(?:-1|0|1)(?: (?:-1|0|1))*)\n)?"
    rf"feature_infos=(?P<infos>{RANGE}(?: {RANGE})*)\n"
    r"tree_sizes=(?P<sizes>\d{1,9}(?: \d{1,9})*)\n\n"
)
TREE = re.compile(
    r"Tree=(?P<number>\d{1,6})\nnum_leaves=(?P<leaves>\d{1,6})\nnum_cat=0\n"
    rf"split_feature=(?P<split_feature>{INTEGERS})\nsplit_gain=(?P<split_gain>{NUMBERS})\n"
    rf"threshold=(?P<threshold>{THRESHOLDS})\ndecision_type=(?P<decision_type>{INTEGERS})\n"
    rf"left_child=(?P<left_child>{INTEGERS})\nright_child=(?P<right_child>{INTEGERS})\n"
    rf"leaf_value=(?P<leaf_value>{NUMBERS})\nleaf_weight=(?P<leaf_weight>{NUMBERS})\n"
    rf"leaf_count=(?P<leaf_count>{INTEGERS})\ninternal_value=(?P<internal_value>{NUMBERS})\n"
    rf"internal_weight=(?P<internal_weight>{NUMBERS})\n"
    rf"internal_count=(?P<internal_count>{INTEGERS})\n"
    rf"is_linear=0\nshrinkage={NUMBER}\n\n\n"
)
FOOTER = re.compile(
    r"end of trees\n\nfeature_importances:\n(?:\w+=\d{1,12}\n)*\n"
    r"parameters:\n(?:\[\w+: [^\n\[\]{}\"\\]*\]\n)*\nend of parameters\n"
    r"(?:\npandas_categorical:(?:null|\[\])\n)?"
)
INNER_FIELDS = (
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "internal_value",
    "internal_weight",
    "internal_count",
)
LEAF_FIELDS = ("leaf_weight", "leaf_count")
DECISION_TYPES = (0, 2, 8, 10)  # numeric splits; unknown values by default, or as NaN


def booster_of(text: str, place: object) -> lgb.Booster:
    """Booster of a model text that was validated.

    Parameters
    ----------
    text : str
        LightGBM's text.
    place : object
        Name of its file, for messages.

    Returns
    -------
    lightgbm.Booster
        The booster.

    Raises
    ------
    ArtefactRefused
        The text is not one that LightGBM writes.
    """
    fault = fault_of(text)
    if fault is None:
        try:
            return lgb.Booster(model_str=text)
        except (lgb.basic.LightGBMError, ValueError, TypeError, LookupError) as error:
            fault = f"LightGBM refuses it ({error})"
    raise ArtefactRefused(
        f"{place}: it is no model text that LightGBM wrote: {fault}. "
        "Restore the file, or train and release again."
    )


def require_inputs(combination: Combination) -> None:
    """Raise ArtefactRefused where trees read another number of inputs than they are given."""
    signals = signals_named(combination.columns)
    given = len(input_constraints(signals, combination.reference is not None))
    typologies = len(combination.typologies)
    for stage in combination.stages:
        reads = [booster.num_feature() for booster in stage.boosters]
        if reads != [given] * typologies or len(stage.offset) != typologies:
            raise ArtefactRefused(
                f"trees read {reads} inputs, and their {typologies} typologies are given {given}. "
                "Restore the files, or train and release again."
            )


def fault_of(text: str) -> str | None:
    """What is wrong with a model text, in words; None where nothing is."""
    if len(text) > MAX_TEXT_BYTES or not text.isascii():
        return f"it is longer than {MAX_TEXT_BYTES} bytes, or no ASCII text"
    header = HEADER.match(text)
    if header is None:
        return "its header"
    inputs = int(header["last"]) + 1
    for name in ("names", "constraints", "infos"):
        if header[name] is not None and header[name].count(" ") + 1 != inputs:
            return f"{name} of its {inputs} inputs"
    at, trees = header.end(), []
    for number, size in enumerate(header["sizes"].split()):
        tree = TREE.match(text, at)
        if tree is None or int(tree["number"]) != number or tree.end() - at != int(size):
            return f"tree {number}"
        trees.append(tree)
        at = tree.end()
    if FOOTER.fullmatch(text, at) is None:
        return "what follows its trees"
    return _fault_of_trees(trees, inputs)


def _fault_of_trees(trees: list[re.Match[str]], inputs: int) -> str | None:
    """What is wrong with the nodes of the trees, in words; None where nothing is."""
    leaves = np.array([int(tree["leaves"]) for tree in trees])
    if leaves.min() < 1:
        return "a tree without leaves"
    for tree, count in zip(trees, leaves, strict=True):
        sizes = dict.fromkeys(INNER_FIELDS, count - 1) | {"leaf_value": count}
        if count > 1:  # a tree of one leaf has no weight
            sizes |= dict.fromkeys(LEAF_FIELDS, count)
        for name, size in sizes.items():
            found = tree[name].count(" ") + 1 if tree[name] else 0
            if found != size:
                return f"{name} of tree {tree['number']}: {found} values, not {size}"
    for name in ("leaf_value", "split_gain", "internal_value"):
        if not np.isfinite(_joined(trees, name, float)).all():
            return f"{name}: a number without end"
    features, kinds = (_joined(trees, n, int) for n in ("split_feature", "decision_type"))
    if not np.isin(kinds, DECISION_TYPES).all():
        return "decision_type"
    if len(features) and not 0 <= features.min() <= features.max() < inputs:
        return f"split_feature: an input that is none of {inputs}"
    return _fault_of_children(trees, leaves)


def _fault_of_children(trees: list[re.Match[str]], leaves: np.ndarray) -> str | None:
    """Whether each node but the root is the child of one node before it."""
    inner = leaves - 1
    first = np.repeat(np.cumsum(inner) - inner, inner)  # where the tree of a node begins
    node = np.arange(inner.sum()) - first
    sides = [_joined(trees, f"{side}_child", int) for side in ("left", "right")]
    child = np.concatenate(sides)
    parent, begin, size = (np.tile(a, 2) for a in (node, first, np.repeat(inner, inner)))
    is_leaf = child < 0
    index = np.where(is_leaf, ~child, child)
    if ((index >= np.where(is_leaf, size + 1, size)) | (~is_leaf & (index <= parent))).any():
        return "a child that is no later node of its tree"
    tree = np.tile(np.repeat(np.arange(len(leaves)), inner), 2)
    reached = np.stack([tree, is_leaf, index], axis=1)
    if len(np.unique(reached, axis=0)) != len(reached):
        return "a node with two parents"
    return None if len(begin) == 2 * inner.sum() else "its nodes"


def _joined(trees: list[re.Match[str]], name: str, kind: type) -> np.ndarray:
    """Values of a field over all trees."""
    return np.array(" ".join(t[name] for t in trees if t[name]).split(), dtype=kind)

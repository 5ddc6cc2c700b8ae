"""Detectors as scikit-learn estimators: pandas frames in, groups, blocks and scores out."""

from features.detectors.expected_audience import ExpectedAudience
from features.graphs.dense_blocks import DenseBlocks
from features.graphs.lockstep import Lockstep

__all__ = ["DenseBlocks", "ExpectedAudience", "Lockstep"]

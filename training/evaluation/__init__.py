"""Evaluation: metrics with intervals, controls, comparison of rivals and attack cost."""

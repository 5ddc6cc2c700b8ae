"""Fitting: trees of a model, cross-fitting by groups, evaluation and calibration."""

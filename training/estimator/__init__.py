"""Estimators on arrays: trees with peer baselines, calibration and the reference set."""

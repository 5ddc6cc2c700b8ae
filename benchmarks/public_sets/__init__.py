"""Detectors and estimators on public data sets."""

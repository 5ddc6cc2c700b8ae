"""Detectors of inflated sessions on plain arrays and frames."""

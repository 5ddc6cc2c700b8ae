"""Comparison with peers: robust deviations, shrunken shares, tail probabilities, anomaly scores."""

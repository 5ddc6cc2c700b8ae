"""A synthetic platform that fulfils the contracts. It knows nothing of the detectors."""

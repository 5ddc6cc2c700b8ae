"""What the detectors find, on real sets and on simulated worlds, beside peers."""

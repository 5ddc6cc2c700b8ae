"""What all benchmarks share: worlds, judgements, intervals, timing, and pages of figures."""

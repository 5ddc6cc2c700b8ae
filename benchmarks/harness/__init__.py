"""The common harness of benchmarks: worlds, judgements, intervals, timing, pages of figures."""

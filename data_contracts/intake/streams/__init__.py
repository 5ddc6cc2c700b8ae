"""Live events: streams read in micro-batches, each merged into a lake and then acknowledged."""

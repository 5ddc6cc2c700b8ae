"""Graph algorithms and what an analyst gets in hand."""

"""Corrected figures: what was counted, how much of it is real, and how certain that is."""

"""Scores: which entities a night scores, with which models, and why each score is what it is."""

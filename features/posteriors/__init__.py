"""Posteriors by empirical Bayes: owners of entities, sessions by their views, and views."""

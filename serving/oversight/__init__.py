"""Duties of supervision: credit, influence, measures, appeals, overrides, audit, retention."""

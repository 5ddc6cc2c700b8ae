"""Supervision: from scores to decisions as rows, and why the risk of an operator changed."""
